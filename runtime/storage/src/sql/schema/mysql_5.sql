CREATE TABLE queqiao_inbox (
    id          VARBINARY(32) NOT NULL PRIMARY KEY, -- SHA-256 of the app and of what is the same in each delivery
    app         VARBINARY(255) NOT NULL,
    kind        VARBINARY(255) NOT NULL,
    state       VARBINARY(16) NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    token       BIGINT NOT NULL, -- grows with each who holds it
    attempts    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL, -- when it is taken, its lease ends, or it is forgotten
    received_at BIGINT NOT NULL,
    message     MEDIUMBLOB, -- encrypted; none when it is done
    reply       MEDIUMBLOB, -- encrypted
    failure     BLOB,
    KEY queqiao_inbox_due (state, due_at)
) ENGINE = InnoDB;
