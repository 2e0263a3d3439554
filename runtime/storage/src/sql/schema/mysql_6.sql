CREATE TABLE queqiao_grants (
    id          VARBINARY(36) NOT NULL PRIMARY KEY,
    owner       VARBINARY(32) NOT NULL, -- SHA-256 of app and openid
    app         VARBINARY(255) NOT NULL,
    openid      VARBINARY(255) NOT NULL,
    template    VARBINARY(255) NOT NULL,
    state       VARBINARY(36) NOT NULL CHECK (state IN ('unused', 'taken', 'used', 'void', 'withdrawal')),
    answered_at BIGINT NOT NULL, -- when the user said yes, or cancelled
    told_at     BIGINT NOT NULL, -- when the first witness told
    page_report VARBINARY(32), -- which telling of the page, of WeChat
    push_report VARBINARY(32),
    token       VARBINARY(36), -- of whoever took it last
    taken_at    BIGINT,
    alone_until BIGINT, -- while a message is under way
    message     VARBINARY(255), -- its number at WeChat
    failure     BLOB,
    failed_at   BIGINT,
    forget_at   BIGINT, -- none as long as it can be used
    KEY queqiao_grants_owner (owner, template, state),
    KEY queqiao_grants_forget (forget_at),
    KEY queqiao_grants_failed (failed_at)
) ENGINE = InnoDB;
