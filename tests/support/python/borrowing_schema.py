"""A schema whose resolvers use the database themselves, by Django and by psycopg2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import django
import psycopg2
from django.conf import settings
from puff import graphql
from puff.graphql import Context, Plan, global_graphql, sql

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}})
django.setup()

from django.db import IntegrityError, connection, models, transaction  # noqa: E402  # once Django is set up


class Thing(models.Model):
    name = models.TextField(unique=True)

    class Meta:
        app_label = "things"
        db_table = "thing"
        managed: ClassVar = False


@dataclass
class Item:
    id: int
    name: str

    @classmethod
    def others(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql(
            "SELECT o.id, o.name, t.id AS thing FROM thing t, thing o WHERE t.id = ANY($1) AND o.id <> t.id",
            ctx.parents["id"],
        ).on(id="thing")

    @classmethod
    @graphql.borrow_db_context
    def counted(cls, ctx: Context, /) -> int:
        ctx.parent_values(["id"])
        return Thing.objects.count()


kept: Any = None


@dataclass
class Query:
    @classmethod
    def things(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql("SELECT id, name FROM thing ORDER BY id")

    @classmethod
    @graphql.borrow_db_context
    def count(cls, ctx: Context, /) -> int:
        return Thing.objects.count()

    @classmethod
    @graphql.borrow_db_context
    def writes(cls, ctx: Context, /) -> int | None:
        return Thing.objects.create(name="no").pk

    @classmethod
    def broken(cls, ctx: Context, /) -> Plan[int | None]:
        return sql("SELECT 1 / 0 AS broken")

    @classmethod
    @graphql.borrow_db_context
    def same(cls, ctx: Context, /) -> Plan[bool]:
        return sql("SELECT txid_current_if_assigned() IS NULL AND pg_backend_pid() = $1 AS same", pid())

    @classmethod
    @graphql.borrow_db_context
    def user(cls, ctx: Context, /) -> str:
        return setting()


@dataclass
class Mutation:
    @classmethod
    @graphql.borrow_db_context
    @graphql.constraint("thing_name_key", "This name is taken")
    def create(cls, ctx: Context, /, name: str) -> Plan[Item]:
        thing = Thing.objects.create(name=f"{name} of {setting()}")
        return sql("SELECT id, name FROM thing WHERE id = $1", thing.pk)

    @classmethod
    @graphql.borrow_db_context
    def fails(cls, ctx: Context, /, name: str, where: str) -> Plan[Item | None]:
        Thing.objects.create(name=name)
        if where == "resolver":
            raise graphql.Error("no")
        return sql("SELECT 1 / 0 AS id, '' AS name")

    @classmethod
    @graphql.borrow_db_context
    def partly(cls, ctx: Context, /) -> Plan[Item]:
        with transaction.atomic():
            Thing.objects.create(name="outer")
            try:
                with transaction.atomic():
                    Thing.objects.create(name="inner")
                    Thing.objects.create(name="inner")
            except IntegrityError:
                pass
        try:
            with transaction.atomic():
                Thing.objects.create(name="second")
                raise ValueError("undone")
        except ValueError:
            pass
        return sql("SELECT id, name FROM thing WHERE name IN ('outer', 'inner', 'second') ORDER BY name DESC LIMIT 1")

    @classmethod
    @graphql.borrow_db_context
    def by_psycopg2(cls, ctx: Context, /, name: str, end: str) -> Plan[Item | None]:
        connection = psycopg2.connect("dbname=default")
        connection.cursor().execute("INSERT INTO thing (name) VALUES (%s)", [name])
        if end:
            getattr(connection, end)()
        return sql("SELECT id, name FROM thing WHERE name = $1", name)

    @classmethod
    @graphql.borrow_db_context
    def beside(cls, ctx: Context, /, url: str) -> Plan[Item | None]:
        with psycopg2.connect(url) as connection:
            connection.cursor().execute("INSERT INTO thing (name) VALUES ('beside')")
        raise graphql.Error("no")

    @classmethod
    @graphql.borrow_db_context
    def by_a_kept_connection(cls, ctx: Context, /, name: str) -> Plan[Item | None]:
        global kept  # noqa: PLW0603
        kept = kept or psycopg2.connect("dbname=default")
        kept.autocommit = True
        kept.cursor().execute("INSERT INTO thing (name) VALUES (%s)", [name])
        return sql("SELECT id, name FROM thing WHERE name = $1 AND pg_backend_pid() = $2", name, kept.info.backend_pid)


@dataclass
class Schema:
    query: Query
    mutation: Mutation

    @staticmethod
    def auth(headers: dict[str, str]) -> dict[str, Any]:
        return {"pg_settings": {"app.user": headers.get("x-user", "nobody")}}


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.user')")
        return cursor.fetchone()[0]


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def in_process() -> list[Any]:
    """Runs operations within a transaction that is rolled back, and within none."""
    answers: list[Any] = []

    def run(document: str) -> None:
        answer = global_graphql.query(document)
        answers.append(answer["data"] if "errors" not in answer else answer)

    with transaction.atomic():
        run('mutation { create(name: "a") { name counted others { name } } }')
        run('mutation { fails(name: "b", where: "plan") { name } }')
        run("{ count same user }")
        run("{ writes count }")
        transaction.set_rollback(True)
    run("mutation { partly { name } }")
    run("{ count same user }")
    Thing.objects.all().delete()
    return answers
