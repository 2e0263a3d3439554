CREATE TABLE photos (
    id            VARCHAR(36)  NOT NULL PRIMARY KEY, -- UUID of version 7: sorts by time
    user_id       VARCHAR(36)  NOT NULL,
    file_key      VARCHAR(250) NOT NULL,             -- in the object store, as the thumbnail's
    thumbnail_key VARCHAR(250) NOT NULL,
    width         BIGINT       NOT NULL,
    height        BIGINT       NOT NULL,
    size          BIGINT       NOT NULL,             -- bytes
    created_at    BIGINT       NOT NULL              -- milliseconds since 1970
);

CREATE INDEX photos_by_user ON photos (user_id, id DESC);
