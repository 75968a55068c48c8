-- The blog's tables, with 40 authors, 1,000 posts and 5,000 comments. It is run once in a database, and again when it
-- has been edited: so whatever exists is left as it is.

CREATE TABLE IF NOT EXISTS author (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  joined_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS post (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author_id int NOT NULL REFERENCES author,
  title text NOT NULL,
  body text NOT NULL,
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'published')),
  published_at timestamptz
);
CREATE INDEX IF NOT EXISTS post_author ON post (author_id);

CREATE TABLE IF NOT EXISTS comment (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  post_id int NOT NULL REFERENCES post,
  author_id int NOT NULL REFERENCES author,
  body text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS comment_post ON comment (post_id);

INSERT INTO author (name, joined_at)
SELECT first_name || ' ' || last_name, timestamptz '2020-01-01 09:00Z' + n * interval '31 days'
FROM unnest(ARRAY['Ada', 'Grace', 'Barbara', 'Radia', 'Edsger', 'Alan', 'Donald', 'Margaret'])
       WITH ORDINALITY AS a (first_name, x),
     unnest(ARRAY['Ritter', 'Okafor', 'Lindqvist', 'Tanaka', 'Moreau'])
       WITH ORDINALITY AS b (last_name, y),
     LATERAL (SELECT (x - 1) * 5 + y AS n) AS c
WHERE NOT EXISTS (SELECT FROM author)
ORDER BY n;

INSERT INTO post (author_id, title, body, status, published_at)
SELECT
  1 + n * 7 % 40,
  (ARRAY['Notes on', 'Why I like', 'The trouble with', 'A short history of', 'Ten years of'])[1 + n % 5] || ' '
    || (ARRAY['indexes', 'query plans', 'connection pools', 'type systems', 'small tools', 'joins', 'caches'])[1 + n % 7],
  'Post number ' || n || ', written one evening and corrected the next morning.',
  CASE WHEN n % 8 = 0 THEN 'draft' ELSE 'published' END,
  CASE WHEN n % 8 = 0 THEN NULL ELSE timestamptz '2024-01-01 08:00Z' + n * interval '13 hours' END
FROM generate_series(1, 1000) AS n
WHERE NOT EXISTS (SELECT FROM post);

INSERT INTO comment (post_id, author_id, body, written_at)
SELECT
  1 + n * 13 % 1000,
  1 + (n * 11 + n / 1000 * 7) % 40,
  (ARRAY['Well said.', 'I have to disagree.', 'This helped me today, thank you!', 'Is there more on this?', 'Finally!'])[1 + (n + n / 1000) % 5],
  timestamptz '2025-06-01 12:00Z' + n * interval '17 minutes'
FROM generate_series(1, 5000) AS n
WHERE NOT EXISTS (SELECT FROM comment);

-- Subscribers are told of each new comment by its id, once its transaction is committed.
CREATE OR REPLACE FUNCTION notify_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('comment', NEW.id::text);
  RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER comment_added AFTER INSERT ON comment FOR EACH ROW EXECUTE FUNCTION notify_comment();
