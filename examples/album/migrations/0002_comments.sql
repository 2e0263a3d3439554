CREATE TABLE comments (
    id         VARCHAR(36) NOT NULL PRIMARY KEY, -- UUID of version 7: sorts by time
    photo_id   VARCHAR(36) NOT NULL,
    user_id    VARCHAR(36) NOT NULL,
    text       TEXT        NOT NULL,
    created_at BIGINT      NOT NULL              -- milliseconds since 1970
);

CREATE INDEX comments_by_photo ON comments (photo_id, id);

CREATE TABLE phones (
    user_id      VARCHAR(36) NOT NULL PRIMARY KEY,
    country_code VARCHAR(8)  NOT NULL,
    number       VARCHAR(32) NOT NULL -- without the country's prefix
);
