CREATE TABLE queqiao_media_checks (
    id       TEXT NOT NULL PRIMARY KEY,
    app      TEXT NOT NULL,
    openid   TEXT NOT NULL,
    subject  TEXT NOT NULL, -- what the application calls the medium
    trace    TEXT, -- WeChat's id; none until it has been asked
    teller   TEXT, -- the message that told of it
    verdict  INTEGER NOT NULL, -- 1: it told WeChat's verdict
    begun_at INTEGER NOT NULL
) STRICT;
CREATE INDEX queqiao_media_checks_trace ON queqiao_media_checks (app, trace);
CREATE INDEX queqiao_media_checks_begun ON queqiao_media_checks (begun_at);
