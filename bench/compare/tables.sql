-- A blog of 1,000 authors, 10,000 posts and 50,000 comments, and an empty table to write to. Made anew by each run.
DROP TABLE IF EXISTS note, comment, post, author;

CREATE TABLE author (
  id int PRIMARY KEY,
  name text NOT NULL
);
CREATE TABLE post (
  id int PRIMARY KEY,
  title text NOT NULL,
  author_id int NOT NULL REFERENCES author
);
CREATE TABLE comment (
  id int PRIMARY KEY,
  body text NOT NULL,
  post_id int NOT NULL REFERENCES post,
  author_id int NOT NULL REFERENCES author,
  likes int NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE TABLE note (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body text NOT NULL
);

INSERT INTO author SELECT n, 'Author ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO post SELECT n, 'Post number ' || n || ' on "query plans"', 1 + n * 7 % 1000 FROM generate_series(1, 10000) AS n;
-- No two comments are of the same minute, so that there is one right order.
INSERT INTO comment
SELECT
  n, 'Comment ' || n || ' says that it has been read ' || CASE WHEN n % 3 = 0 THEN 'in a rush.' ELSE 'with care.' END,
  1 + n * 13 % 10000, 1 + n * 11 % 1000, n * 31 % 90,
  timestamptz '2026-01-01 00:00:00Z' + n * 7919 % 50000 * interval '1 minute'
FROM generate_series(1, 50000) AS n;

CREATE INDEX ON author (name text_pattern_ops);
CREATE INDEX ON post (author_id);
CREATE INDEX ON comment (post_id);
CREATE INDEX ON comment (author_id);
CREATE INDEX ON comment (post_id, created_at);
VACUUM ANALYZE author, post, comment, note;
