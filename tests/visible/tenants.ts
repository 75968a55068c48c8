/** A Django project of two tenants, and a schema in which each sees its own rows alone, by every way there is. */
export const tenants = {
  "site_config/settings.py": `
from pathlib import Path
BASE_DIR = Path(__file__).parent.parent
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}}
INSTALLED_APPS = ["shop"]
SECRET_KEY = "only for tests"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
`,
  "shop/models.py": `
from django.db import models

class Tenant(models.Model):
    name = models.TextField()
    class Meta:
        db_table = "tenant"

class Tags(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(word__startswith="hidden")

class Tag(models.Model):
    word = models.TextField()
    objects = Tags()
    class Meta:
        db_table = "tag"

class Paper(models.Model):
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="papers")
    title = models.TextField()
    public = models.BooleanField(default=False)
    pages = models.IntegerField(default=1)
    doc = models.JSONField(default=dict, blank=True)
    code = models.TextField(null=True, blank=True)
    hint = models.TextField(null=True, blank=True)
    tags = models.ManyToManyField(Tag, related_name="papers", blank=True)
    class Meta:
        db_table = "paper"

class Note(models.Model):
    paper = models.ForeignKey(Paper, models.CASCADE, related_name="notes")
    text = models.TextField()
    class Meta:
        db_table = "note"

class Nook(models.Model):
    """Everyone's."""
    paper = models.ForeignKey(Paper, models.CASCADE, related_name="nooks", null=True)
    name = models.TextField()
    class Meta:
        db_table = "nook"
`,
  "shop/schema.py": `
from __future__ import annotations
from dataclasses import dataclass
from collections.abc import Iterator
from django.db.models import Q
from typing import Annotated
from shop import models
from puff import graphql
from puff.graphql import Connection, Context, OffsetPaginated, OperationInfo, Plan, Stream, auto, paged, sql

@dataclass
class Caller:
    tenant: int
    is_staff: bool = False

@graphql.filter_type(models.Tenant, lookups=True)
class TenantFilter:
    name: auto

@graphql.order_type(models.Tenant)
class TenantOrder:
    name: auto

@graphql.filter_type(models.Tag, lookups=True)
class TagFilter:
    word: auto

@graphql.filter_type(models.Paper, lookups=True)
class PaperFilter:
    title: auto
    tenant: TenantFilter
    notes: NoteFilter
    tags: auto

@graphql.order_type(models.Paper)
class PaperOrder:
    title: auto
    pages: auto

@graphql.filter_type(models.Note, lookups=True)
class NoteFilter:
    text: auto
    paper: PaperFilter

@graphql.filter_type(models.Nook, lookups=True)
class NookFilter:
    name: auto
    paper: PaperFilter

@graphql.order_type(models.Nook)
class NookOrder:
    paper: PaperOrder
    name: auto

@graphql.django_type(models.Tenant, visible=lambda auth: sql("row.id = $1", auth.tenant))
class Tenant:
    id: auto
    name: auto
    papers: OffsetPaginated[Paper] = paged(filters=PaperFilter, ordering=PaperOrder, aggregates=["pages", "title"])

def seen_papers(auth: Caller) -> Q:
    if auth.is_staff:
        return Q()
    return Q(tenant_id=auth.tenant) | Q(public=True)

@graphql.django_type(models.Paper, visible=seen_papers)
class Paper(graphql.Node):
    title: auto
    public: auto
    pages: auto
    tenant_id: auto
    tenant: Tenant | None
    tags: list[Tag]
    notes: list[Note]
    paged_notes: Connection[Note] = paged(field_name="notes", filters=NoteFilter)
    doc: auto
    code: Annotated[auto, graphql.field(allow=graphql.IsStaff)]
    hint: Annotated[auto, graphql.field(allow=lambda ctx: ctx.auth.tenant == 1, silent=True)]

    @graphql.field(allow=graphql.IsStaff)
    def whisper(self) -> str | None:
        return self.title.lower()

    def shout(self) -> str:
        return self.title.upper()

@graphql.django_type(models.Note, visible=lambda auth: Q(paper__tenant_id=auth.tenant))
class Note(graphql.Node):
    text: auto
    paper: Paper | None

@graphql.django_type(
    models.Tag, visible=lambda auth: models.Tag.objects.filter(papers__tenant_id=auth.tenant)
)
class Tag:
    id: auto
    word: auto
    papers: list[Paper]

@graphql.django_type(models.Nook)
class Nook:
    id: auto
    name: auto
    paper: Paper | None

@graphql.django_type(models.Paper)
class Shelf:
    """Whose fields the plans that answer them could be had without Python."""
    id: auto
    nooks: Annotated[list[Nook], graphql.field(allow=graphql.IsStaff)]
    paged_nooks: Annotated[OffsetPaginated[Nook], graphql.field(allow=graphql.IsStaff)] = paged(field_name="nooks")

@dataclass
class Bag:
    """Objects that a resolver makes."""
    paper: Paper | None
    note: Note | None

@graphql.input_type(models.Paper)
class PaperInput:
    title: auto
    tenant_id: auto
    tags: auto

@graphql.input_type(models.Tag)
class TagInput:
    id: auto
    word: auto

@graphql.input_type(models.Note)
class NoteInput:
    text: auto
    paper_id: auto

@graphql.partial_type(models.Note)
class NotePartial:
    id: auto
    text: auto
    paper: auto

@graphql.partial_type(models.Paper)
class PaperPartial:
    id: auto
    title: auto
    public: auto
    tenant_id: auto
    notes: auto
    tags: auto

@dataclass
class Query:
    papers: list[Paper] = paged(filters=PaperFilter, ordering=PaperOrder)
    paper_pages: OffsetPaginated[Paper] = paged(filters=PaperFilter, aggregates=["pages", "title"], order_by="title")
    note_edges: Connection[Note] = paged(filters=NoteFilter)
    tags: list[Tag] = paged(filters=TagFilter)
    nooks: OffsetPaginated[Nook] = paged(filters=NookFilter, ordering=NookOrder)
    tenants: list[Tenant] = paged()
    kept_nooks: Annotated[OffsetPaginated[Nook], graphql.field(allow=graphql.IsStaff)] = paged()
    shelves: list[Shelf] = paged()
    node: graphql.Node | None = graphql.node()
    nodes: list[graphql.Node | None] = graphql.node()

    @classmethod
    @graphql.pure
    def paper(cls, ctx: Context, /, id: int = 1) -> Plan[Paper | None]:
        return models.Paper.objects.filter(pk=id)

    @classmethod
    def ordered(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return models.Paper.objects.order_by("-title")

    @classmethod
    def sliced(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return models.Paper.objects.order_by("id")[:2]

    @classmethod
    def united(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return models.Paper.objects.filter(pk=1).union(models.Paper.objects.filter(pk=2))

    @classmethod
    @graphql.pure
    def raw(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return sql("SELECT id, title, public, pages, tenant_id, doc FROM paper ORDER BY title DESC; ")

    @classmethod
    @sql("SELECT * FROM paper WHERE id >= $1 ORDER BY id", args=["least"])
    def static(cls, ctx: Context, /, least: int = 0) -> Plan[list[Paper]]: ...

    @classmethod
    def puffs(cls, ctx: Context, /) -> tuple[list[Note], str, list[int]]:
        return ..., "SELECT * FROM note", []

    @classmethod
    def keyless(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return sql("SELECT title FROM paper")

    @classmethod
    def things(cls, ctx: Context, /) -> Plan[list[Paper | Note | Nook]]:
        return sql(
            "SELECT 'p' AS kind, id, title, NULL AS text, NULL AS name, tenant_id, public, pages, doc FROM paper "
            "UNION ALL SELECT 'Note', id, NULL, text, NULL, NULL, NULL, NULL, NULL FROM note "
            "UNION ALL SELECT 'k', id, NULL, NULL, name, NULL, NULL, NULL, NULL FROM nook"
        ).types("kind", {"p": Paper, "k": Nook})

    @classmethod
    def bag(cls, ctx: Context, /) -> Bag:
        return Bag(Paper(id="1", title="T1 made", public=False, pages=1, tenant_id=1, doc={}, code=None, hint=None), None)

    @classmethod
    def listed(cls, ctx: Context, /) -> list[Paper]:
        return [Paper(id="1", title="T1 made", public=False, pages=1, tenant_id=1, doc={}, code=None, hint=None)]

    @classmethod
    def in_json(cls, ctx: Context, /) -> Plan[list[Bag]]:
        return sql("SELECT jsonb_build_object('title', title) AS paper, NULL AS note FROM paper")

    @classmethod
    @graphql.pure
    @graphql.field(allow=graphql.IsStaff)
    def kept(cls, ctx: Context, /) -> Plan[list[Nook] | None]:
        return models.Nook.objects.order_by("id")

    @classmethod
    @graphql.field(allow=graphql.IsStaff)
    @sql("SELECT * FROM nook WHERE id >= $1 ORDER BY id", args=["least"])
    def static_nooks(cls, ctx: Context, /, least: int = 0) -> Plan[list[Nook] | None]: ...

    @classmethod
    @graphql.field(allow=graphql.HasPerm("shop.view_nook"), silent=True)
    def quiet(cls, ctx: Context, /) -> Plan[list[Nook]]:
        return models.Nook.objects.order_by("id")

    @classmethod
    def other_model(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return models.Tenant.objects.all()

    @classmethod
    def writing(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return sql("UPDATE paper SET title = title RETURNING *")

@dataclass
class Mutation:
    create_paper: Paper | OperationInfo = graphql.create(PaperInput)
    create_tag: Tag | OperationInfo = graphql.create(TagInput)
    create_note: Note | OperationInfo = graphql.create(NoteInput)
    update_note: Note | OperationInfo = graphql.update(NotePartial)
    update_paper: Paper | OperationInfo = graphql.update(PaperPartial)
    delete_note: Note | OperationInfo = graphql.delete()
    delete_papers: list[Paper] = graphql.delete()

    @classmethod
    def touch(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return sql("UPDATE paper SET title = title RETURNING *")

    @classmethod
    @graphql.field(allow=graphql.IsStaff)
    def wipe(cls, ctx: Context, /) -> Plan[list[Nook]]:
        return sql("DELETE FROM nook RETURNING *")

    @classmethod
    def read(cls, ctx: Context, /) -> Plan[list[Paper]]:
        return models.Paper.objects.all()

@dataclass
class Subscription:
    @classmethod
    def papers(cls, ctx: Context, /) -> Stream[list[Paper]]:
        return graphql.live(sql("SELECT * FROM paper ORDER BY id"), on="papers")

    @classmethod
    def told(cls, ctx: Context, /) -> Stream[Paper]:
        return graphql.on("told", None)

    @classmethod
    def yielded(cls, ctx: Context, /) -> Iterator[list[Note]]:
        yield models.Note.objects.all()

@dataclass
class Schema:
    query: Query
    mutation: Mutation
    subscription: Subscription

    @classmethod
    def auth(cls, headers: dict[str, str]) -> Caller:
        word = headers.get("authorization", "Bearer 0").removeprefix("Bearer ")
        return Caller(0, is_staff=True) if word == "staff" else Caller(int(word))
`,
  "puff.toml": "camel_case = true\n[limits]\naliases = 1000\n",
};

/** What is the first tenant's says T1, what is the second's T2, and what is for all says T0. */
export const seed = `
  TRUNCATE tenant, tag, paper, note, nook, paper_tags RESTART IDENTITY;
  INSERT INTO tenant (id, name) VALUES (1, 'T1 Ltd'), (2, 'T2 Ltd'), (3, 'T3 Ltd');
  INSERT INTO paper (id, tenant_id, title, public, pages, doc, code, hint) VALUES
    (1, 1, 'T1 plan', false, 10, '{"of": "T1"}', 'c1', 'h1'), (2, 2, 'T2 plan', false, 20, '{"of": "T2"}', 'c2', 'h2'),
    (3, 1, 'T0 news', true, 30, '{}', 'c3', 'h3'), (4, 2, 'T2 list', false, 40, '{}', 'c4', 'h4');
  INSERT INTO note (id, paper_id, text) VALUES (1, 1, 'T1 note'), (2, 2, 'T2 note'), (3, 3, 'T1 draft');
  INSERT INTO tag (id, word) VALUES (1, 'T1 tag'), (2, 'T2 tag');
  INSERT INTO paper_tags (paper_id, tag_id) VALUES (1, 1), (2, 2), (4, 2), (3, 1);
  INSERT INTO nook (id, paper_id, name) VALUES (1, 1, 'n1'), (2, 2, 'n2'), (3, NULL, 'n3');
  SELECT setval(pg_get_serial_sequence(t, 'id'), 100, false) FROM unnest('{tenant,paper,note,nook,tag}'::text[]) t
`;
