CREATE TABLE todos (
    id         VARCHAR(36) NOT NULL PRIMARY KEY, -- UUID of version 7: sorts by time
    user_id    VARCHAR(36) NOT NULL,
    title      TEXT        NOT NULL,
    note       TEXT,
    done       BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at BIGINT      NOT NULL              -- milliseconds since 1970
);

CREATE INDEX todos_by_user ON todos (user_id, id DESC);
