CREATE TABLE queqiao_inbox (
    id          BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the app and of what is the same in each delivery
    app         TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    token       INTEGER NOT NULL, -- grows with each who holds it
    attempts    INTEGER NOT NULL,
    due_at      INTEGER NOT NULL, -- when it is taken, its lease ends, or it is forgotten
    received_at INTEGER NOT NULL,
    message     BLOB,             -- encrypted; none when it is done
    reply       BLOB,             -- encrypted
    failure     TEXT
) STRICT;
CREATE INDEX queqiao_inbox_due ON queqiao_inbox (state, due_at);
