-- The chat's tables. It is run once in a database, and again when it has been edited: so whatever exists is left as it is.

CREATE TABLE IF NOT EXISTS message (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author text NOT NULL,
  body text NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now()
);

-- Who is here: a row for each open page. Its id is known to that page alone, so nobody speaks for another.
CREATE TABLE IF NOT EXISTS visitor (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- Live queries are asked again once the transaction that changed a table is committed. That a visitor was seen again
-- (an UPDATE) changes nothing that is shown.
CREATE OR REPLACE FUNCTION notify_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(TG_TABLE_NAME, '');
  RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER changed AFTER INSERT ON message FOR EACH ROW EXECUTE FUNCTION notify_change();
CREATE OR REPLACE TRIGGER changed AFTER INSERT OR DELETE ON visitor FOR EACH ROW EXECUTE FUNCTION notify_change();
