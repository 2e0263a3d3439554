CREATE TABLE queqiao_client_calls (
    client    TEXT COLLATE "C" NOT NULL, -- a contract id, 'other' or 'absent'
    operation TEXT COLLATE "C" NOT NULL,
    calls     BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    last_seen BIGINT NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (client, operation)
);

CREATE TABLE queqiao_client_packages (
    client    TEXT COLLATE "C" NOT NULL,
    appid     TEXT COLLATE "C" NOT NULL,
    package   TEXT COLLATE "C" NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (client, appid, package)
);
