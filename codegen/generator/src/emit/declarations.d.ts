/** What kind of failure it was. */
export type Kind =
  //#upgrade
  /** The server takes this version of the mini-program no more; WeChat's update flow runs. */
  | 'upgrade'
  //#end
  | ClientCode;

/** Codes that the client itself gives where none came from the server: the kind of the failure. */
export type ClientCode =
  /** No answer came; the request may or may not have been carried out. */
  | 'network'
  | 'timeout'
  /** `abort()` was called. */
  | 'abort'
  /** The mini-program went to the background. */
  | 'interrupted'
  /** The device has no network. */
  | 'offline'
  /** The server answered with an error. */
  | 'http'
  /** The input was refused: by the server, and `errors` says what and where; or before it was sent, as `detail` says. */
  | 'validation'
  /** Not logged in, or not allowed (401, 403), or the login failed. */
  | 'auth'
  /** The answer is not what the contract says. */
  | 'parse';

//#!foreign
/** One mistake in the input. */
export interface Violation {
  /** Where the mistake is, if not in the body. */
  in?: 'query' | 'path' | 'header';
  /** JSON pointer to the mistake, such as `/title`. */
  pointer: string;
  code: string;
  message: string;
}

//#end
/** Every failure of a call. */
export class ApiError<Code extends string = string> extends Error {
  private constructor();
  readonly name: 'ApiError';
  readonly kind: Kind;
  /** The stable code; texts may change, it does not. */
  readonly code: Code;
  /** HTTP status, if the server answered. */
  readonly status?: number;
  /** What went wrong, in few words. */
  readonly title: string;
  /** What went wrong in this very case. */
  readonly detail?: string;
  //#foreign
  /** As the server writes them. */
  readonly errors?: unknown;
  //#end
  //#!foreign
  readonly errors?: Violation[];
  //#end
  /** Finds the call in the server's log. */
  readonly requestId?: string;
  /** WeChat's number of the failure; absent before base library 2.24.0. */
  readonly errno?: number;
  /** Whether the same call may be made again safely, and could succeed then. */
  readonly retryable?: boolean;
  //#retry
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
  //#end
  /** Method and path, such as `GET /todos`. */
  readonly operation: string;
}

//#details
/** A failure of an operation: where `Details` has its code, it carries what stands there. */
export type Failure<Code extends string, Details> =
  | ApiError<Exclude<Code, keyof Details>>
  | { [C in keyof Details & string]: ApiError<C> & { readonly details: Details[C] } }[keyof Details & string];

//#end
/** A running call. `abort` is lost after `then`: keep this object to abort. */
export interface Call<T> extends Promise<T> {
  /** Ends the call with kind `abort`, in the queue as well as under way. */
  abort(): void;
}

/** Values of headers by their names; lists are joined with commas. */
export type HeaderValues = {
  [name: string]: string | number | boolean | readonly (string | number | boolean)[] | undefined;
};

//#hooks
/** An answer of the server, whatever its status. */
export interface IncomingResponse {
  /** Method and path, such as `GET /todos`. */
  readonly operation: string;
  readonly status: number;
  /** The headers by their names in lower case, such as `etag`. */
  readonly header: { readonly [name: string]: string | undefined };
}

/** A request that is about to leave: what the host is given, with token and body, so that not all of it is for a log. */
export interface OutgoingRequest {
  /** Method and path, such as `GET /todos`. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  /** May be changed. */
  readonly header: { [name: string]: string };
}

//#end
export interface Options {
  /** Milliseconds, at most 60000, for each request that the call makes. */
  timeout?: number | undefined;
  header?: HeaderValues | undefined;
  //#retry
  /** How often the call is repeated after a failure, where that is safe; 2 if not given. */
  retries?: number | undefined;
  //#end
  //#hooks
  /** Sees the answer, such as its `ETag`, before the call ends. */
  onResponse?: ((response: IncomingResponse) => void) | undefined;
  /** `false`: the call does not count for `onLoading`. */
  loading?: boolean | undefined;
  /** `true`: `onError` is not told how the call fails. */
  silent?: boolean | undefined;
  //#end
}

//#progress
/** How far an upload or a download is, as WeChat tells it. */
export interface TransferProgress {
  /** Percent. */
  readonly progress: number;
  readonly totalBytesSent?: number;
  readonly totalBytesExpectedToSend?: number;
  readonly totalBytesWritten?: number;
  readonly totalBytesExpectedToWrite?: number;
}

export interface TransferOptions extends Options {
  onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/** The path of a file, such as `wx.chooseMedia` gives. */
export type FilePath = string;

//#end
//#download
export interface DownloadOptions extends TransferOptions {
  /** Where the file is to be, under `wx.env.USER_DATA_PATH`; a temporary file if not given. */
  filePath?: FilePath | undefined;
}

//#end
//#versions
/** One address, or one for each version of the mini-program; where there is none, that of `release`. */
export type BaseUrl = string | { develop?: string; trial?: string; release: string };
//#end
//#!versions
/** The address of the server. */
export type BaseUrl = string;
//#end

//#session
/** A one-time code for a login, alone or in what `wx.login` gives. */
export type LoginCodeResult = string | { readonly code: string };

//#end
export interface Configuration {
  baseUrl?: BaseUrl;
  /** Has `request` and the rest as `wx` has; `wx` if not given. */
  host?: object;
  /** HeaderValues of every call. */
  header?: HeaderValues;
  /** Milliseconds, at most 60000, for each request. */
  timeout?: number;
  /** Requests at once, 10 at most. */
  concurrency?: number;
  //#retry
  /** How often a call is repeated after a failure, where that is safe; 2 if not given. */
  retries?: number;
  //#end
  //#hooks
  /** Sees every request before it leaves, repeated ones too. */
  onRequest?: (request: OutgoingRequest) => void;
  /** Sees every answer, also those after which the client repeats the request. */
  onResponse?: (response: IncomingResponse) => void;
  /** Sees how calls fail, for a message or a log; not those that were aborted, and not those with `silent`. */
  onError?: (error: ApiError) => void;
  /** `true` when calls have been under way for `loadingDelay`, `false` when the last of them has ended. */
  onLoading?: (loading: boolean) => void;
  /** Milliseconds; 300 if not given. */
  loadingDelay?: number;
  //#end
  //#container
  /** The service of WeChat Cloud Hosting that is called; `null`: the base URL is. */
  container?: { env: string; service: string } | null;
  //#end
  //#upgrade
  /** Runs once a launch in place of WeChat's update flow, when the server takes this version no more. */
  onUpgrade?: (error: ApiError) => void;
  //#end
  //#auth
  /** Credentials by the names of the contract's security schemes; a function is asked at every call. */
  auth?: {/*schemes*/};
  //#end
  //#session
  /** Gives the one-time code for a login, or what `wx.login` gives; that is asked if this is not given. */
  loginCode?: () => LoginCodeResult | PromiseLike<LoginCodeResult>;
  //#end
}

export type NoParameters = { [name: string]: never };

export function configure(changes: Configuration): void;
//#subscribe

/** The subscribe messages (订阅消息) that the server sends. */
export type SubscribeTemplate ={/*templates*/};

/**
 * What a user answered: yes to one message, no, or nothing, because WeChat has banned the template or another of the same
 * title was asked for.
 */
export type SubscribeAnswer = 'accept' | 'reject' | 'ban' | 'filter';

/**
 * Asks the user for the permission to send one message of each of these templates, at most three at a time, and tells the
 * server. Call it from a tap, and before anything is waited for: WeChat asks at no other time.
 */
export function requestSubscribe<T extends SubscribeTemplate>(
  templates: readonly T[],
): Promise<{ [Template in T]: SubscribeAnswer }>;
//#end
//#users

/**
 * Forgets the session, without telling the server: what is under way for its user ends with kind `auth`, and the next
 * call that needs a user logs in anew.
 */
export function switchUser(): void;
//#end
//#dates

/**
 * Reads a date or a time, on iOS too, which does not know all forms. A date without a time is that day where the phone
 * is. What is no date gives an invalid `Date`.
 */
export function parseDate(text: string): Date;
//#end
