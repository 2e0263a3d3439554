CREATE TABLE queqiao_grants (
    id          TEXT NOT NULL PRIMARY KEY,
    owner       BLOB NOT NULL, -- SHA-256 of app and openid
    app         TEXT NOT NULL,
    openid      TEXT NOT NULL,
    template    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('unused', 'taken', 'used', 'void', 'withdrawal')),
    answered_at INTEGER NOT NULL, -- when the user said yes, or cancelled
    told_at     INTEGER NOT NULL, -- when the first witness told
    page_report BLOB, -- which telling of the page, of WeChat
    push_report BLOB,
    token       TEXT, -- of whoever took it last
    taken_at    INTEGER,
    alone_until INTEGER, -- while a message is under way
    message     TEXT, -- its number at WeChat
    failure     TEXT,
    failed_at   INTEGER,
    forget_at   INTEGER -- none as long as it can be used
) STRICT;
CREATE INDEX queqiao_grants_owner ON queqiao_grants (owner, template, state);
CREATE INDEX queqiao_grants_forget ON queqiao_grants (forget_at);
CREATE INDEX queqiao_grants_failed ON queqiao_grants (failed_at);
