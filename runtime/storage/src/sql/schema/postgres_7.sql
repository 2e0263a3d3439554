CREATE TABLE queqiao_media_checks (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    app      TEXT COLLATE "C" NOT NULL,
    openid   TEXT COLLATE "C" NOT NULL,
    subject  TEXT NOT NULL, -- what the application calls the medium
    trace    TEXT COLLATE "C", -- WeChat's id; none until it has been asked
    teller   TEXT COLLATE "C", -- the message that told of it
    verdict  BIGINT NOT NULL, -- 1: it told WeChat's verdict
    begun_at BIGINT NOT NULL
);
CREATE INDEX queqiao_media_checks_trace ON queqiao_media_checks (app, trace);
CREATE INDEX queqiao_media_checks_begun ON queqiao_media_checks (begun_at);
