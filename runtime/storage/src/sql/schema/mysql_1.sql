-- Text is kept in VARBINARY: MySQL's collations take texts that differ in case or in spaces at the end
-- for equal, and those that do not have other names in MariaDB.
CREATE TABLE queqiao_locks (
    id INT NOT NULL PRIMARY KEY
) ENGINE = InnoDB;
INSERT INTO queqiao_locks (id)
SELECT a.n + 16 * b.n FROM
    (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
     UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12
     UNION SELECT 13 UNION SELECT 14 UNION SELECT 15) a,
    (SELECT 0 AS n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6
     UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12
     UNION SELECT 13 UNION SELECT 14 UNION SELECT 15) b;

CREATE TABLE queqiao_users (
    id         VARBINARY(36) NOT NULL PRIMARY KEY,
    epoch      BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL -- milliseconds since 1970, as all times here
) ENGINE = InnoDB;

CREATE TABLE queqiao_identities (
    appid   VARBINARY(255) NOT NULL CHECK (appid <> ''),
    openid  VARBINARY(255) NOT NULL CHECK (openid <> ''),
    unionid VARBINARY(255) CHECK (unionid <> ''),
    user_id VARBINARY(36) NOT NULL,
    PRIMARY KEY (appid, openid),
    KEY queqiao_identities_unionid (unionid),
    FOREIGN KEY (user_id) REFERENCES queqiao_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE queqiao_roles (
    user_id VARBINARY(36) NOT NULL,
    role    VARBINARY(255) NOT NULL CHECK (role <> ''),
    PRIMARY KEY (user_id, role),
    FOREIGN KEY (user_id) REFERENCES queqiao_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE queqiao_revoked_sessions (
    user_id VARBINARY(36) NOT NULL,
    session VARBINARY(36) NOT NULL,
    until   BIGINT NOT NULL,
    PRIMARY KEY (user_id, session),
    KEY queqiao_revoked_sessions_until (until),
    FOREIGN KEY (user_id) REFERENCES queqiao_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;

CREATE TABLE queqiao_session_keys (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    appid       VARBINARY(255) NOT NULL,
    openid      VARBINARY(255) NOT NULL,
    issued_at   BIGINT NOT NULL,
    key_version BIGINT NOT NULL, -- of the key that encrypts `data`
    nonce       VARBINARY(12) NOT NULL,
    data        VARBINARY(1024) NOT NULL,
    KEY queqiao_session_keys_owner (appid, openid, issued_at)
) ENGINE = InnoDB;

CREATE TABLE queqiao_login_codes (
    code       VARBINARY(32) NOT NULL PRIMARY KEY, -- SHA-256 of appid and code
    state      VARBINARY(16) NOT NULL CHECK (state IN ('leased', 'done', 'refused')),
    lease      VARBINARY(36),
    user_id    VARBINARY(36),
    expires_at BIGINT NOT NULL,
    KEY queqiao_login_codes_expiry (expires_at),
    FOREIGN KEY (user_id) REFERENCES queqiao_users (id) ON DELETE CASCADE
) ENGINE = InnoDB;
