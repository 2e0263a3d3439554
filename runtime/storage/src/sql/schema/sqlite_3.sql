CREATE TABLE queqiao_key_values (
    name       TEXT NOT NULL PRIMARY KEY,
    value      BLOB NOT NULL,
    version    TEXT NOT NULL, -- a random UUID for each write
    expires_at INTEGER        -- milliseconds since 1970, as all times here
) STRICT;
CREATE INDEX queqiao_key_values_expiry ON queqiao_key_values (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE queqiao_leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    token      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queqiao_idempotency (
    scope        BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of user, operation and key
    body_hash    BLOB    NOT NULL,             -- SHA-256 of the body
    attempt      TEXT    NOT NULL,
    running_to   INTEGER NOT NULL,
    status       INTEGER,                      -- none until it is answered
    content_type TEXT,
    body         BLOB,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX queqiao_idempotency_expiry ON queqiao_idempotency (expires_at);

CREATE TABLE queqiao_uploads (
    name         TEXT    NOT NULL PRIMARY KEY,
    owner        TEXT,
    operation    TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'confirmed', 'abandoned')),
    begun_at     INTEGER NOT NULL,
    sweep_at     INTEGER -- when the object may be deleted; none of a confirmed one
) STRICT, WITHOUT ROWID;
CREATE INDEX queqiao_uploads_sweep ON queqiao_uploads (sweep_at) WHERE sweep_at IS NOT NULL;
