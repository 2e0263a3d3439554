CREATE TABLE queqiao_client_calls (
    client    VARBINARY(16) NOT NULL, -- a contract id, 'other' or 'absent'
    operation VARBINARY(255) NOT NULL,
    calls     BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    last_seen BIGINT NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (client, operation)
) ENGINE = InnoDB;

CREATE TABLE queqiao_client_packages (
    client    VARBINARY(16) NOT NULL,
    appid     VARBINARY(255) NOT NULL,
    package   VARBINARY(255) NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (client, appid, package)
) ENGINE = InnoDB;
