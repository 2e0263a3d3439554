CREATE TABLE todos (
    id         TEXT    NOT NULL PRIMARY KEY, -- UUID of version 7: sorts by time
    user_id    TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    note       TEXT,
    done       INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL              -- milliseconds since 1970
) STRICT;

CREATE INDEX todos_by_user ON todos (user_id, id DESC);
