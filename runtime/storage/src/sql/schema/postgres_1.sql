CREATE TABLE queqiao_users (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    epoch      BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL -- milliseconds since 1970, as all times here
);

CREATE TABLE queqiao_identities (
    appid   TEXT COLLATE "C" NOT NULL CHECK (appid <> ''),
    openid  TEXT COLLATE "C" NOT NULL CHECK (openid <> ''),
    unionid TEXT COLLATE "C" CHECK (unionid <> ''),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    PRIMARY KEY (appid, openid)
);
CREATE INDEX queqiao_identities_unionid ON queqiao_identities (unionid) WHERE unionid IS NOT NULL;
CREATE INDEX queqiao_identities_user ON queqiao_identities (user_id);

CREATE TABLE queqiao_roles (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    role    TEXT COLLATE "C" NOT NULL CHECK (role <> ''),
    PRIMARY KEY (user_id, role)
);

CREATE TABLE queqiao_revoked_sessions (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES queqiao_users (id) ON DELETE CASCADE,
    session TEXT COLLATE "C" NOT NULL,
    until   BIGINT NOT NULL,
    PRIMARY KEY (user_id, session)
);
CREATE INDEX queqiao_revoked_sessions_until ON queqiao_revoked_sessions (until);

CREATE TABLE queqiao_session_keys (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appid       TEXT COLLATE "C" NOT NULL,
    openid      TEXT COLLATE "C" NOT NULL,
    issued_at   BIGINT NOT NULL,
    key_version BIGINT NOT NULL, -- of the key that encrypts `data`
    nonce       BYTEA NOT NULL,
    data        BYTEA NOT NULL
);
CREATE INDEX queqiao_session_keys_owner ON queqiao_session_keys (appid, openid, issued_at);

CREATE TABLE queqiao_login_codes (
    code       BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of appid and code
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('leased', 'done', 'refused')),
    lease      TEXT COLLATE "C",
    user_id    TEXT COLLATE "C" REFERENCES queqiao_users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX queqiao_login_codes_expiry ON queqiao_login_codes (expires_at);
CREATE INDEX queqiao_login_codes_user ON queqiao_login_codes (user_id);
