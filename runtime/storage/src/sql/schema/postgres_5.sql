CREATE TABLE queqiao_inbox (
    id          BYTEA NOT NULL PRIMARY KEY, -- SHA-256 of the app and of what is the same in each delivery
    app         TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    token       BIGINT NOT NULL, -- grows with each who holds it
    attempts    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL, -- when it is taken, its lease ends, or it is forgotten
    received_at BIGINT NOT NULL,
    message     BYTEA, -- encrypted; none when it is done
    reply       BYTEA, -- encrypted
    failure     TEXT
);
CREATE INDEX queqiao_inbox_due ON queqiao_inbox (state, due_at);
