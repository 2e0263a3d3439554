CREATE TABLE queqiao_key_values (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value      BYTEA NOT NULL,
    version    TEXT COLLATE "C" NOT NULL, -- a random UUID for each write
    expires_at BIGINT -- milliseconds since 1970, as all times here
);
CREATE INDEX queqiao_key_values_expiry ON queqiao_key_values (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE queqiao_leases (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    token      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE queqiao_idempotency (
    scope        BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of user, operation and key
    body_hash    BYTEA NOT NULL, -- SHA-256 of the body
    attempt      TEXT COLLATE "C" NOT NULL,
    running_to   BIGINT NOT NULL,
    status       BIGINT, -- none until it is answered
    content_type TEXT COLLATE "C",
    body         BYTEA,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX queqiao_idempotency_expiry ON queqiao_idempotency (expires_at);

CREATE TABLE queqiao_uploads (
    name         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner        TEXT COLLATE "C",
    operation    TEXT COLLATE "C" NOT NULL,
    content_type TEXT COLLATE "C" NOT NULL,
    size         BIGINT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'confirmed', 'abandoned')),
    begun_at     BIGINT NOT NULL,
    sweep_at     BIGINT -- when the object may be deleted; none of a confirmed one
);
CREATE INDEX queqiao_uploads_sweep ON queqiao_uploads (sweep_at) WHERE sweep_at IS NOT NULL;
