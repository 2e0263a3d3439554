CREATE TABLE queqiao_client_calls (
    client    TEXT    NOT NULL, -- a contract id, 'other' or 'absent'
    operation TEXT    NOT NULL,
    calls     INTEGER NOT NULL,
    refused   INTEGER NOT NULL,
    last_seen INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (client, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE queqiao_client_packages (
    client    TEXT    NOT NULL,
    appid     TEXT    NOT NULL,
    package   TEXT    NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (client, appid, package)
) STRICT, WITHOUT ROWID;
