CREATE TABLE queqiao_grants (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner       BYTEA NOT NULL, -- SHA-256 of app and openid
    app         TEXT COLLATE "C" NOT NULL,
    openid      TEXT COLLATE "C" NOT NULL,
    template    TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('unused', 'taken', 'used', 'void', 'withdrawal')),
    answered_at BIGINT NOT NULL, -- when the user said yes, or cancelled
    told_at     BIGINT NOT NULL, -- when the first witness told
    page_report BYTEA, -- which telling of the page, of WeChat
    push_report BYTEA,
    token       TEXT COLLATE "C", -- of whoever took it last
    taken_at    BIGINT,
    alone_until BIGINT, -- while a message is under way
    message     TEXT COLLATE "C", -- its number at WeChat
    failure     TEXT,
    failed_at   BIGINT,
    forget_at   BIGINT -- none as long as it can be used
);
CREATE INDEX queqiao_grants_owner ON queqiao_grants (owner, template, state);
CREATE INDEX queqiao_grants_forget ON queqiao_grants (forget_at);
CREATE INDEX queqiao_grants_failed ON queqiao_grants (failed_at);
