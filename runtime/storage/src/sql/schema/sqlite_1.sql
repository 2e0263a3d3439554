CREATE TABLE queqiao_users (
    id         TEXT    NOT NULL PRIMARY KEY,
    epoch      INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL -- milliseconds since 1970, as all times here
) STRICT, WITHOUT ROWID;

CREATE TABLE queqiao_identities (
    appid   TEXT NOT NULL CHECK (appid <> ''),
    openid  TEXT NOT NULL CHECK (openid <> ''),
    unionid TEXT CHECK (unionid <> ''),
    user_id TEXT NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    PRIMARY KEY (appid, openid)
) STRICT, WITHOUT ROWID;
CREATE INDEX queqiao_identities_unionid ON queqiao_identities (unionid) WHERE unionid IS NOT NULL;
CREATE INDEX queqiao_identities_user ON queqiao_identities (user_id);

CREATE TABLE queqiao_roles (
    user_id TEXT NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    role    TEXT NOT NULL CHECK (role <> ''),
    PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE queqiao_revoked_sessions (
    user_id TEXT    NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    session TEXT    NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (user_id, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX queqiao_revoked_sessions_until ON queqiao_revoked_sessions (until);

CREATE TABLE queqiao_session_keys (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    appid       TEXT    NOT NULL,
    openid      TEXT    NOT NULL,
    issued_at   INTEGER NOT NULL,
    key_version INTEGER NOT NULL, -- of the key that encrypts `data`
    nonce       BLOB    NOT NULL,
    data        BLOB    NOT NULL
) STRICT;
CREATE INDEX queqiao_session_keys_owner ON queqiao_session_keys (appid, openid, issued_at);

CREATE TABLE queqiao_login_codes (
    code       BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of appid and code
    state      TEXT    NOT NULL CHECK (state IN ('leased', 'done', 'refused')),
    lease      TEXT,
    user_id    TEXT REFERENCES queqiao_users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queqiao_login_codes_expiry ON queqiao_login_codes (expires_at);
