CREATE TABLE queqiao_key_values (
    name       VARBINARY(250) NOT NULL PRIMARY KEY,
    value      MEDIUMBLOB NOT NULL,
    version    VARBINARY(36) NOT NULL, -- a random UUID for each write
    expires_at BIGINT, -- milliseconds since 1970, as all times here
    KEY queqiao_key_values_expiry (expires_at)
) ENGINE = InnoDB;

CREATE TABLE queqiao_leases (
    name       VARBINARY(250) NOT NULL PRIMARY KEY,
    token      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE queqiao_idempotency (
    scope        VARBINARY(32) NOT NULL PRIMARY KEY, -- SHA-256 of user, operation and key
    body_hash    VARBINARY(32) NOT NULL, -- SHA-256 of the body
    attempt      VARBINARY(36) NOT NULL,
    running_to   BIGINT NOT NULL,
    status       BIGINT, -- none until it is answered
    content_type VARBINARY(255),
    body         MEDIUMBLOB,
    expires_at   BIGINT NOT NULL,
    KEY queqiao_idempotency_expiry (expires_at)
) ENGINE = InnoDB;

CREATE TABLE queqiao_uploads (
    name         VARBINARY(250) NOT NULL PRIMARY KEY,
    owner        VARBINARY(36),
    operation    VARBINARY(255) NOT NULL,
    content_type VARBINARY(255) NOT NULL,
    size         BIGINT NOT NULL,
    state        VARBINARY(16) NOT NULL CHECK (state IN ('pending', 'confirmed', 'abandoned')),
    begun_at     BIGINT NOT NULL,
    sweep_at     BIGINT, -- when the object may be deleted; none of a confirmed one
    KEY queqiao_uploads_sweep (sweep_at)
) ENGINE = InnoDB;
