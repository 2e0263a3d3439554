CREATE TABLE queqiao_media_checks (
    id       VARBINARY(36) NOT NULL PRIMARY KEY,
    app      VARBINARY(255) NOT NULL,
    openid   VARBINARY(255) NOT NULL,
    subject  VARBINARY(512) NOT NULL, -- what the application calls the medium
    trace    VARBINARY(255), -- WeChat's id; none until it has been asked
    teller   VARBINARY(255), -- the message that told of it
    verdict  BIGINT NOT NULL, -- 1: it told WeChat's verdict
    begun_at BIGINT NOT NULL,
    KEY queqiao_media_checks_trace (app, trace),
    KEY queqiao_media_checks_begun (begun_at)
) ENGINE = InnoDB;
