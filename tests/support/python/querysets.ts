/** Django QuerySets over the models of queryset_models.py: every lookup and transform of every field. */

const lookups = `
name="a" | name__exact="a" | name__iexact="A" | name__contains="a" | name__icontains="A" | name__startswith="1"
name__istartswith="B" | name__endswith="%" | name__iendswith="B" | name__in=["a", "b"] | name__gt="a" | name__gte="a"
name__lt="b" | name__lte="b" | name__range=("A", "a") | name__isnull=False | name__regex=r"^[ab]$" | name__iregex="^B"
name="" | name__contains="%" | name__contains="\\\\" | body__contains="'" | body__contains='"d"' | body__contains="%s"
body__contains="$1" | body__startswith="quote'" | body="ünï 🙂" | body__icontains="ÜNÏ" | body__search="quote"
name__trigram_similar="a" | name__unaccent="a" | body__unaccent__icontains="uni" | nick="ann"
nick__in=["aNN"] | size="S" | size=Item.Size.XL | size__in=[Item.Size.SMALL, "X-L"] | level=Item.Level.HIGH
level__in=Item.Level | level__gt=1 | small=300 | small=-1 | small__lt=40000 | count__gte=2**40 | huge=2**40
huge=-(2**40) | huge__in=[2**40, 1] | huge__lt=2**62 | huge__range=(-(2**41), 0) | small=True | small="300"
small=Decimal("300") | small__gt=299.5 | small__lte=-0.5 | count__in=[] | count__in=[None, 300] | price=Decimal("1.005")
price=1.005 | price="2.5" | price__lt=2 | price__gte=Decimal("1E+0") | price__in=[Decimal("1"), 2.5] | price=-3
ratio=0.1 | ratio=Decimal("0.1") | ratio__gt=0 | ratio=float("inf") | ratio__lt=-1e299 | ratio__in=[0.1, 0.3, 2.5]
ratio__isnull=True | day=DAY | day="2024-02-29" | day__year=2024 | day__year__gt=2023 | day__month=2 | day__day=29
day__week=9 | day__week_day=5 | day__iso_week_day=4 | day__iso_year=2024 | day__quarter=1 | day__in=[DAY, "2023-01-01"]
day__range=(DAY, DAY) | day__lt=datetime.datetime(2024, 2, 29, 12) | at=datetime.time(12, 30, 0, 5)
at__hour=12 | at__minute__lte=30 | at__second=0 | at__lt=datetime.time(13) | at="12:30:00.000005" | moment=MOMENT
moment="2024-02-29T23:30:15.25Z" | moment="2024-03-01 05:15:15.25" | moment__date=datetime.date(2024, 3, 1)
moment__date="2024-02-29" | moment__time__gt=datetime.time(5) | moment__year=2024 | moment__month=3 | moment__hour=5
moment__minute=15 | moment__second=15 | moment__week_day=6 | moment__iso_year=2024 | moment__day__in=[1, 2]
moment__lt=datetime.datetime(2024, 3, 1) | moment__gte=DAY | moment__range=(MOMENT, MOMENT) | moment__date__year=2023
span=datetime.timedelta(days=-1, seconds=5, microseconds=7) | span=datetime.timedelta(days=1, hours=1)
span__gt=datetime.timedelta(0) | span__in=[datetime.timedelta(hours=25)] | span="1 01:00:00" | id=KEYS[1]
id=str(KEYS[1]) | id__in=KEYS[1:3] | id__startswith="00000000" | id__contains="0001" | id__gt=KEYS[2] | pk=KEYS[3].hex
doc__a="x" | doc__n=5 | doc__n__gt=4 | doc__n__in=[5, "5"] | doc__n__lte=5.5 | doc__a__in=["x", None] | doc__none=None
doc__none__isnull=False | doc__missing__isnull=True | doc=None | doc={"a": 1} | doc=[1, 2, "x"] | doc="x" | doc=5
doc__contains={"a": "x"} | doc__contains=[1] | doc__contains="x" | doc__contained_by={"a": "x", "b": 1}
doc__has_key="a" | doc__has_keys=["a", "n"] | doc__has_any_keys=["zz", "deep"] | doc__deep__list__1="2"
doc__deep__list__3__k=True | doc__deep__list=[1, "2", None, {"k": True}] | doc__0=1 | doc__5="five" | doc__a__icontains="X"
doc__a__startswith="x" | doc__deep__has_key="list" | doc__in=[{"a": 1}, "x", 5] | doc__isnull=True | doc__a__iexact="X"
doc__a=Value("x", JSONField()) | doc__a__regex="^x" | doc__isnull=False | doc=Value(None, JSONField()) | doc__n__gt="a"
doc__n=5.0 | doc__a="it's" | doc__a=True | doc__deep={"list": [1]} | doc__contains={"deep": {"list": [1]}}
nums=[1, 2, 3] | nums=[] | nums__contains=[1] | nums__contains=[] | nums__contained_by=[1, 2, 3, 4] | nums__overlap=[2, 9]
nums__len=3 | nums__len__gt=0 | nums__0=1 | nums__1__lte=2 | nums__0_2=[1, 2] | nums__in=[[2], [1, 2]] | nums__gt=[1]
nums__contains=(1, 2) | nums=(2,) | nums__contains=["1"] | words=["x", "y z", "NULL"] | words__contains=["y z"]
words__overlap=["NULL", "'"] | words__0="x" | words__0__startswith="x" | words__contained_by=["x", "y z", "NULL", ""]
words=[] | words__len=0 | nested=[["a", "b"], ["c", "d"]] | nested__contains=[["a"]] | nested__0__1="b"
nested__len=2 | nested=[["a", None], ["c", "d"]] | nested__overlap=[["d", "z"]] | nested=[[]]
days=[DAY] | days__contains=[DAY] | days__0__year=2024 | days__contains=["2024-02-29"] | prices=[Decimal("1.50")]
prices__contains=[Decimal("1.5")] | prices__0__gt=1 | ids__contains=[KEYS[2]] | ids=[KEYS[1], KEYS[2]] | ids__overlap=[str(KEYS[1])]
hosts=["10.0.0.1", "::1"] | hosts__contains=["10.0.0.1"] | hosts__overlap=["::1"] | docs__0={"a": 1}
 attrs={"a": "2"} | attrs__a="1" | attrs__a__in=["1", "2"] | attrs__contains={"a": "1"}
attrs__contains={"b": None} | attrs__contained_by={"a": "2", "c": "3"} | attrs__has_key="b" | attrs__has_keys=["a", "b"]
attrs__has_any_keys=["zz", 'q"'] | attrs__keys=["a"] | attrs__values=["2"] | attrs__values__contains=["it's"]
attrs__keys__contains=["a"] | attrs={} | attrs__a__isnull=True | attrs={'q"': "it's", "a": "1", "b": None}
numbers=NumericRange(1, 5) | numbers=(1, 5) | numbers__contains=3 | numbers__contains=NumericRange(2, 3) | numbers__contained_by=NumericRange(0, 7)
numbers__overlap=NumericRange(4, 6) | numbers__fully_lt=NumericRange(5, 9) | numbers__fully_gt=NumericRange(0, 1)
numbers__not_lt=NumericRange(1, 2) | numbers__not_gt=NumericRange(1, 5) | numbers__adjacent_to=NumericRange(5, 6)
numbers__startswith=1 | numbers__endswith=10 | numbers__isempty=True | numbers__lower_inc=True | numbers__upper_inf=False
numbers=NumericRange(empty=True) | longs__contains=2**41 | longs=NumericRange(2**40, None) | longs__upper_inf=True
amounts=NumericRange(Decimal("1.5"), Decimal("2.5"), "[]")
season__contains=DAY | season=DateRange(DAY, None) | season__startswith=DAY | season__overlap=DateRange(None, DAY, "(]")
season=("2024-02-29", None) | during__contains=MOMENT | during__contains=DateTimeTZRange(MOMENT, MOMENT)
during=DateTimeTZRange(MOMENT, MOMENT + datetime.timedelta(hours=2)) | during__fully_lt=DateTimeTZRange(MOMENT + datetime.timedelta(days=2), None)
during__endswith__year=2024 | during__isempty=False | day__contained_by=DateRange(DAY, None) | moment__contained_by=DateTimeTZRange(MOMENT, None)
count__contained_by=NumericRange(1, 500) | ratio__contained_by=NumericRange(0.0, 1.0) | price__contained_by=NumericRange(Decimal(1), None)
ip="10.0.0.1" | ip="2001:db8:0::1" | ip__in=["10.0.0.1", "2001:db8::1"] | ip__startswith="10." | ip__contains="db8" | ip__gt="10.0.0.0"
ip__isnull=True | ip__iexact="2001:DB8::1" | blob=b"\\x00\\xff'\\\\" | blob=memoryview(b"") | blob__in=[b"", b"x"] | blob__isnull=False
blob=bytearray(b"") | maybe=True | maybe=False | maybe__in=[True, None] | maybe__isnull=True | link__startswith="https://"
link__contains="?q=1" | brand="acme" | brand__slug="o'k" | brand_id__in=["acme", "o'k"] | brand__title__contains="%" | brand=Brand.objects.get(slug="acme")
parent=KEYS[1] | parent__name="a" | parent__parent__id=KEYS[1] | children__name="b" | tags__name="red" | tags__in=Tag.objects.filter(name="red")
detail__text="more" | detail__isnull=True | loud="A" | loud__contains="A" | found="cat" | found=SearchQuery("run & cat", search_type="raw", config="english")
rich={"day": DAY, "price": Decimal("1.50")} | rich__day=DAY | rich__price=Decimal("1.50") | rich__contains={"day": DAY}
rich__day__in=[DAY, "x"] | turned="abc" | file="files/a.txt" | flag=7
file__contains="a.txt" | flag__in=[7, 8.0] | rich__has_key="day" | rich=None
name=F("loud") | small__lt=F("count") | price__gt=F("ratio") | moment__lt=F("during__startswith") | huge=F("small") * 2
pk__in=objects.filter(small=300).values("pk") | id__in=objects.filter(doc__n=5).values_list("id", flat=True) | parent__in=objects.filter(nums__contains=[1])
`;

const querysetsAlone = `
objects.all()
objects.none()
objects.exclude(name="a")
objects.exclude(doc__a="x")
objects.exclude(nums__contains=[1])
objects.filter(Q(name="a") | Q(doc=5) & ~Q(price=1))
objects.filter(Q(name="a") ^ Q(small=-1))
objects.filter(~Q(tags__name="red"))
objects.filter(reduce(operator.or_, [Q(name=name) for name in "aBc"]))
objects.order_by("-name", "id")
objects.order_by(F("ratio").desc(nulls_last=True), "name")
objects.order_by(Upper("name"), "id")
objects.order_by(Case(When(name="b", then=0), default=1), "id")
objects.order_by("doc__n", "attrs__a", "id")
objects.order_by("id")[1:3]
objects.order_by("id")[:2]
objects.order_by("id")[3:]
objects.reverse().order_by("nums", "id")
objects.distinct("brand").order_by("brand", "id")
objects.values("level").distinct()
objects.values("name", "doc__a", "attrs__a", "nums__0", "moment__year")
objects.values_list("pk", "brand__title", "tags__name")
objects.only("name")
objects.defer("doc", "body")
objects.select_related("brand", "parent__brand", "detail")
objects.annotate(n=Count("tags")).filter(n__gte=1)
objects.annotate(n=Count("tags", filter=Q(tags__name="red"))).order_by("-n", "id")
objects.values("level").annotate(total=Sum("price"), most=Max("huge"), some=Avg("ratio")).order_by("level")
objects.values("level").annotate(total=Sum(F("small") * 1.5, output_field=FloatField())).order_by("level")
objects.values("level").annotate(total=Sum(F("price") * Decimal("1.1"))).filter(total__gt=Decimal("1.1")).order_by("level")
objects.values("size").annotate(names=ArrayAgg("name", ordering="name"), text=StringAgg("name", delimiter=", ", ordering="name"))
objects.values("size").annotate(docs=JSONBAgg("doc", ordering="id"), any=BoolOr("maybe"), bits=BitOr("small"))
objects.values("size").annotate(names=ArrayAgg("name", default=Value([]), filter=Q(small=9)))
objects.values("size").annotate(names=ArrayAgg("name", default=["none"], filter=Q(small=9)))
objects.values("size").annotate(c=Corr("ratio", "price"), d=StdDev("price"), v=Variance("small", sample=True))
objects.values(year=F("moment__year")).annotate(n=Count("*")).order_by("year")
objects.values(month=TruncMonth("moment")).annotate(n=Count("*")).order_by("month")
objects.annotate(first=Substr("name", 1, 1)).values("first").annotate(n=Count("id")).order_by("first")
objects.annotate(who=Concat("name", Value("-"), "size")).values("who").annotate(n=Count("id")).order_by("who")
objects.annotate(who=Concat(Value("x"), Value("y"))).values("who").annotate(n=Count("id"))
objects.values("level").annotate(n=Count("id")).order_by(Concat("size", Value("!")))
objects.annotate(kind=Case(When(small__gt=0, then=Value("big")), When(small=-1, then=Value("low")), default=Value("none"))).values("kind").annotate(n=Count("id")).order_by("kind")
objects.annotate(v=Value(5)).values("v")
objects.annotate(v=Value(2.5)).values("v")
objects.annotate(v=Value("it's %s")).values("v", "name")
objects.annotate(v=Value(None, output_field=IntegerField())).values("v")
objects.annotate(v=Value(True), w=Value(Decimal("1.10")), x=Value(DAY), y=Value(MOMENT), z=Value(datetime.timedelta(1, 5))).values("v", "w", "x", "y", "z")
objects.annotate(v=Value({"a": [1]}, JSONField()), w=Value([1, 2], JSONField()), x=Value("s", JSONField())).values("v", "w", "x")
objects.annotate(v=Value([1, 2], ArrayField(IntegerField())), w=Value(["a"], ArrayField(CharField(max_length=3)))).values("v", "w")
objects.annotate(v=Value(KEYS[1]), w=Value(b"\\x00"), x=Value("10.0.0.1", GenericIPAddressField())).values("v", "w", "x")
objects.annotate(v=Value({"k": "v"}, HStoreField()), w=Value(NumericRange(1, 2), IntegerRangeField())).values("v", "w")
objects.annotate(v=F("small") + 300, w=F("small") * 300 * 300, x=F("count") - 1, y=F("small") / 7, z=F("small") % 7).values("v", "w", "x", "y", "z")
objects.annotate(v=Value(300) * Value(300)).values("v")
objects.annotate(v=F("price") * 2).values("v")
objects.annotate(w=ExpressionWrapper(F("price") * 1.1, output_field=DecimalField())).values("w")
objects.annotate(w=ExpressionWrapper(F("ratio") / 3, output_field=FloatField())).filter(ratio__lt=10, ratio__gt=-10).values("w")
objects.annotate(v=F("moment") + datetime.timedelta(days=1), w=F("moment") - F("moment")).values("v", "w")
objects.annotate(v=ExpressionWrapper(F("day") + datetime.timedelta(1), output_field=DateTimeField())).values("v")
objects.annotate(v=F("small").bitand(5), w=F("count").bitor(1), x=F("count").bitleftshift(2)).values("v", "w", "x")
objects.annotate(v=Coalesce("ratio", 0.5), w=Coalesce("brand__title", Value("none")), x=Coalesce("day", Value(DAY))).values("v", "w", "x")
objects.annotate(v=Greatest("small", Value(7)), w=Least("name", Value("b"))).values("v", "w")
objects.annotate(v=Cast("small", CharField()), w=Cast(Value("5"), IntegerField()), x=Cast("price", FloatField()), y=Cast(Value("[1]"), JSONField())).values("v", "w", "x", "y")
objects.annotate(v=Left("name", 1), w=Right("body", 3), x=LPad("name", 5, Value("*")), y=RPad("name", 3), z=Repeat("name", 2)).values("v", "w", "x", "y", "z")
objects.annotate(v=Replace("name", Value("a"), Value("%")), w=StrIndex("body", Value("back")), x=Substr("body", 2, 4), z=Reverse("name")).values("v", "w", "x", "z")
objects.annotate(v=Lower("name"), w=Length("body"), x=Chr(Value(65)), y=Ord("link"), z=MD5("name")).values("v", "w", "x", "y", "z")
objects.annotate(w=LTrim("name"), x=ConcatPair("name", Value("z")), y=Collate("name", "C")).values("w", "x", "y")
objects.annotate(v=Round("price", 1), w=Round("price"), x=Abs("small"), y=Mod("count", 7), z=Power("small", 2)).values("v", "w", "x", "y", "z")
objects.annotate(v=Ceil("price"), w=Floor("price"), x=Sign("small"), y=Sqrt("count"), z=Exp(Value(1.5))).values("v", "w", "x", "y", "z")
objects.filter(count__gt=0).annotate(v=Ln("count"), w=Log(10, "count"), x=ATan2("count", 5), y=Degrees("count"), z=Pi()).values("v", "w", "x", "y", "z")
objects.annotate(v=Extract("moment", "week"), w=ExtractHour("moment"), x=TruncDate("moment"), y=TruncDay("moment"), z=TruncTime("moment")).values("v", "w", "x", "y", "z")
objects.annotate(v=Trunc("moment", "hour", tzinfo=UTC), w=TruncYear("day"), x=TruncQuarter("day"), y=TruncWeek("moment"), z=ExtractIsoYear("day")).values("v", "w", "x", "y", "z")
objects.annotate(v=JSONObject(name="name", n="small", fixed=Value("it's"), five=Value(5))).values("v")
objects.annotate(v=JSONObject(inner=JSONObject(day="day"))).values("v")
objects.annotate(v=JSONArray("name", Value("x"), Value(5))).values("v")
objects.annotate(v=Func(F("name"), Value("a"), Value("Z"), function="replace", output_field=CharField())).values("v")
objects.annotate(v=Func(Value("x"), F("name"), function="concat", output_field=CharField())).values("v")
objects.annotate(v=Func(Value(" "), Value("a"), Value("b"), function="concat_ws", output_field=CharField())).values("v")
objects.annotate(v=Func(Value("%s-%s"), Value("a"), Value(5), function="format", output_field=CharField())).values("v")
objects.annotate(v=Func(F("nums"), Value(7), function="array_append", output_field=ArrayField(IntegerField()))).values("v")
objects.annotate(v=Subquery(Brand.objects.filter(slug=OuterRef("brand_id"), title__contains="c").values("title")[:1])).values("name", "v")
objects.filter(Exists(Brand.objects.filter(slug=OuterRef("brand"), title="Acme")))
objects.annotate(has=Exists(objects.filter(parent=OuterRef("pk"), doc="x"))).values("name", "has")
objects.annotate(kids=ArraySubquery(objects.filter(parent=OuterRef("pk")).order_by("name").values("name"))).values("name", "kids")
objects.annotate(r=Window(RowNumber(), partition_by="level", order_by="id")).values("name", "r")
objects.annotate(r=Window(Lag("name", 1, default=Value("-")), order_by="id")).values("name", "r")
objects.annotate(r=Window(NthValue("name", 2), order_by="id"), n=Window(Ntile(2), order_by="id"), s=Window(Sum("small"), order_by="id", frame=RowRange(start=-1, end=0))).values("r", "n", "s")
objects.annotate(r=Window(Rank(), order_by=F("level").desc())).filter(r=1)
objects.filter(small__gt=0).union(objects.filter(name="b"))
objects.filter(small=300).values("name").union(objects.filter(doc=5).values("name"), all=True).order_by("name")
objects.values("name", "doc__a").intersection(objects.filter(nums__contains=[1]).values("name", "doc__a"))
objects.values_list("name").difference(objects.filter(name="a").values_list("name"))
objects.extra(where=["small = %s OR name = %s"], params=[300, "b"])
objects.extra(select={"double": "small * %s", "text": "%s"}, select_params=[2, "it's %"])
objects.extra(where=["name LIKE 'a%%'"])
objects.extra(tables=["shop_tag"], where=["shop_tag.name = %s"], params=["red"])
objects.annotate(v=RawSQL("small + %s", [300])).values("v")
objects.annotate(v=RawSQL("CASE WHEN name IN %s THEN %s ELSE %s END", [("a", "b"), "in", None])).values("v", "name")
objects.annotate(v=RawSQL("name = ANY(%s)", [["a", "b"]])).values("v")
objects.filter(id__in=RawSQL("SELECT id FROM shop_item WHERE doc @> %s::jsonb", ['{"a": "x"}']))
objects.annotate(v=RawSQL("%s || name", ["x"]), w=RawSQL("%s", ["y"]), x=RawSQL("%s", [None])).values("v", "w", "x")
objects.filter(GreaterThan(F("small"), 100))
objects.filter(GreaterThan(F("ratio"), Value(0.2)) | Exact(F("name"), Value("b")))
objects.annotate(ok=Q(small__gt=0, name__contains="a")).values("ok")
objects.alias(big=F("small") * 2).filter(big__gt=500)
objects.annotate(rank=SearchRank("found", SearchQuery("cat"))).filter(rank__gt=0.0).values("rank")
objects.annotate(v=SearchVector("body", weight="A", config="english") + SearchVector("name")).filter(v="quote").values("v")
objects.annotate(v=SearchHeadline("body", SearchQuery("back"), start_sel="<b>", stop_sel="</b>", max_words=5, min_words=2)).values("v")
objects.filter(body__search=SearchQuery("quote") | SearchQuery("nothing"))
objects.annotate(s=TrigramSimilarity("name", "a")).filter(s__gt=0.5).values("s")
objects.annotate(s=TrigramDistance("name", "a"), w=TrigramWordSimilarity("a", "name")).values("s", "w")
objects.annotate(v=KeyTransform("a", "doc"), w=KeyTextTransform("a", "doc"), x=KT("doc__deep__list__1")).values("v", "w", "x")
objects.annotate(v=F("nums__0"), w=F("doc__deep__list"), x=F("name")[0:1], y=F("words")[0:2]).values("v", "w", "x", "y")
objects.dates("day", "year")
objects.datetimes("moment", "month")
objects.filter(tags__name__in=["red", "green"]).distinct()
Cafe.objects.filter(name="Corner", seats__gt=5)
Line.objects.filter(pk=(1, "x"))
Line.objects.filter(pk__in=[(1, "x"), (2, "y")])
Line.objects.filter(pk__gt=(0, "z")).values("pk")
objects.filter(pk__in=[item.pk for item in objects.raw("SELECT id FROM shop_item WHERE small = %s", [300])])
objects.annotate(v=Func(Value("a"), Value(None, CharField()), Value(5), function="num_nulls", output_field=IntegerField())).values("v")
objects.annotate(v=Value("a")).values("v").annotate(n=Count("id"))
objects.annotate(v=Case(When(name="a", then=Value("x")), default=Value(None))).values("v").annotate(n=Count("id"), most=Max(Concat("name", Value("!")))).order_by("v")
objects.values(v=Concat(Value("x"), "size")).annotate(n=Count("id")).filter(n__gt=1).order_by(Concat(Value("x"), "size"))
objects.annotate(v=Count("id", filter=Q(doc__a="x"))).filter(v__gt=0).values("name", "v")
objects.annotate(d=TruncMonth("moment")).values("d").annotate(n=Sum(Case(When(small__gt=0, then=Value(0.1)), default=Value(0.2)))).order_by("d")
objects.filter(Q(name="a"), Q(attrs__a="1") | Q(attrs__contains={"a": "2"}))
objects.filter(small__in=range(298, 302))
objects.filter(name__in={"a": 1}.keys())
objects.filter(small__in=(number for number in (300, 1)))
objects.filter(id__in=objects.values_list("id", flat=True)[:2])
objects.filter(brand__in=Brand.objects.filter(slug="acme"))
Place.objects.filter(cafe__seats=12)
Brand.objects.filter(items__doc__a="x", items__nums__contains=[2])
Brand.objects.annotate(n=Count("items"), best=Max("items__price")).order_by("slug")
Brand.objects.annotate(n=Count("items", filter=Q(items__price__gt=Decimal("1.5")))).filter(n=1)
Tag.objects.filter(items__in=objects.filter(attrs__a="1")).values("name")
objects.filter(pk__in=[KEYS[1]]).order_by("pk").values_list("pk", flat=True)
objects.values(v=Func(Value([1, 2]), function="cardinality", output_field=IntegerField()))
objects.filter(words=Value(["x", "y z", "NULL"], ArrayField(CharField(max_length=10))))
objects.filter(nums__contains=Value([1], ArrayField(IntegerField())))
objects.filter(name=Value("a"), small=Value(300), ratio=Value(0.1), doc__n=Value(5, JSONField()))
objects.filter(moment__gt=Now() - datetime.timedelta(days=100000))
objects.annotate(v=RandomUUID()).values("name")
objects.annotate(v=Case(When(doc__a="x", then=Value(1)), When(nums__contains=[2], then=Value(2)), default=Value(0))).values("v")
objects.annotate(v=Case(When(maybe=True, then=F("price")), default=Decimal("0.10"))).values("v")
objects.filter(Q(maybe=True) if True else Q(), Case(When(small=300, then=True), default=False))
`;

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Each is a Python expression. */
export const querysets: readonly string[] = [
  ...lines(lookups)
    .flatMap((line) => line.split(" | "))
    .map((lookup) => `objects.filter(${lookup})`),
  ...lines(querysetsAlone),
];

const kept = `
name=s | name__iexact=s | name__contains=s | name__icontains=s | name__startswith=s | name__endswith=s | name__istartswith=s
name__gt=s | name__range=(s, "z") | name__in=[s, "b"] | name__regex=s | body__search=s | name__trigram_similar=s | size=s
nick=s | small=i | small__gt=i | small__in=[i, -1] | count__lte=i | huge__gt=i | price=i | price__gt=i | ratio__gt=i | price=d
price__lte=d | ratio__lt=f | ratio=f | price__lt=f | small__gt=f | small=d | id=u | id=str(u) | id__in=[u] | pk__gt=u | parent=u
parent__name=s | brand=s | brand__title__contains=s | doc__a=s | doc__n=i | doc=s | doc__contains=s | doc__has_key=s
doc__n__gt=i | doc__n=f | doc__a__contains=s | doc__n=d | nums__contains=[i] | nums__0=i | nums__len=i | words__contains=[s]
words__0=s | attrs__a=s | attrs__has_key=s | attrs__contains={"a": s} | numbers__contains=i | numbers__startswith=i
longs__contains=i | day__year=i | day__month__gte=i | moment__hour=i | moment__date__year=i | day=s | moment=s | moment__gt=s
moment__date=s | ip=s | ip__startswith=s | level=i | level=s | name=i | maybe=i | span__gt=i | ids__contains=[u] | found=s
name__in=[s] * 2 | blob=s.encode() | nested__0__0=s | docs__0=s | tags__name=s | link__contains=s | loud=s | small=s | rich__day=s | turned=s | file=s | flag=i
`;

/** Values of the arguments, two at least for each kind, which `kept` is asked with in turn. */
export const keptArguments = [
  { i: 5, s: "a", f: 0.1, d: "1.005", u: "00000000-0000-0000-0000-000000000001" },
  { i: 300, s: "B", f: 2.5, d: "2.5", u: "00000000-0000-0000-0000-000000000002" },
  { i: 2, s: "x", f: -3, d: "300", u: "00000000-0000-0000-0000-000000000009" },
  { i: -1, s: "100%", f: 299.5, d: "0.1", u: "00000000-0000-0000-0000-000000000004" },
  { i: 40000, s: "5", f: 5, d: "5", u: "00000000-0000-0000-0000-000000000001" },
  { i: 2024, s: "2024-02-29", f: 1, d: "1", u: "00000000-0000-0000-0000-000000000003" },
  { i: 1, s: "2024-03-01 05:15:15.25", f: 1, d: "1", u: "00000000-0000-0000-0000-000000000003" },
  { i: 0, s: "", f: 0.5, d: "-3", u: "00000000-0000-0000-0000-000000000005" },
] as const;

export const keptQuerysets: readonly string[] = [
  ...lines(kept)
    .flatMap((line) => line.split(" | "))
    .map((lookup) => `objects.filter(${lookup})`),
  "objects.exclude(doc__a=s)",
  "objects.filter(Q(doc__a=s) | ~Q(small=i))",
  "objects.annotate(v=Case(When(doc__a=s, then=1), default=0)).values('v', 'name')",
  "objects.filter(Exists(objects.filter(parent=OuterRef('pk'), doc=s)))",
  "objects.filter(parent__in=objects.filter(doc__a=s))",
  "objects.annotate(v=F('small') + i).values('v')",
  "objects.annotate(v=Coalesce('brand__title', Value(s))).values('v')",
  "objects.annotate(v=Value(i), w=Value(s), x=Value(f)).values('v', 'w', 'x')",
  "objects.values('level').annotate(n=Count('id', filter=Q(small__gt=i))).order_by('level')",
  "objects.filter(name=s).union(objects.filter(small=i))",
  "objects.order_by('id')[: max(i, 0)]",
  "objects.extra(where=['small > %s AND name <> %s'], params=[i, s])",
  "objects.annotate(v=RawSQL('small + %s', [i])).values('v')",
];

/** Statements of SQLAlchemy over queryset_tables.py. */
export const selects: readonly string[] = lines(`
select(item)
select(item.c.name).where(item.c.doc == {"a": "x"})
select(item.c.name).where(item.c.doc.contains({"a": "x"}))
select(item.c.name).where(item.c.doc["a"].astext == "x", item.c.doc["n"].as_integer() > 4)
select(item.c.name).where(item.c.doc.has_key("a"))
select(item.c.name).where(item.c.doc["deep"]["list"] == [1, "2"])
select(item.c.name).where(item.c.plain["a"].as_string() == "it's")
select(item.c.name).where(item.c.color == Color.RED)
select(item.c.name).where(item.c.color.in_([Color.RED, Color.BLUE]))
select(item.c.name).where(item.c.mood == "so so")
select(item.c.name).where(item.c.lower == "ÄB")
select(item.c.name).where(item.c.nums == [1, 2])
select(item.c.name).where(item.c.nums.contains([1]))
select(item.c.name).where(2 == sa.any_(item.c.nums))
select(item.c.name).where(item.c.nested == [["a", "b"], ["c", "d"]])
select(item.c.name).where(item.c.words.overlap(["x", "NULL", "q'"]))
select(item.c.name).where(item.c.span > datetime.timedelta(hours=1))
select(item.c.name).where(item.c.blob == b"\\x00\\xff")
select(item.c.name).where(item.c.key == UUID(int=1))
select(item.c.name).where(item.c.key.in_([UUID(int=1), UUID(int=2)]))
select(item.c.name).where(item.c.numbers.contains(3))
select(item.c.name).where(item.c.numbers == Range(1, 5))
select(item.c.name).where(item.c.season.contains(datetime.date(2024, 3, 1)))
select(item.c.name).where(item.c.host == "10.0.0.1")
select(item.c.name).where(item.c.attrs.contains({"a": "1"}), item.c.attrs["a"] == "1")
select(item.c.name).where(item.c.price == Decimal("1.005"), item.c.price * Decimal("1.1") > 1)
select(item.c.name, item.c.price * 1.1, item.c.small * 300 * 300, item.c.ratio + 0.1)
select(item.c.name).where(item.c.name.in_(["a", "100%"]), item.c.name.not_in([]))
select(item.c.name).where(item.c.name.like("%\\%") | item.c.name.ilike("A"))
select(item.c.name).where(item.c.name.contains("%", autoescape=True))
select(item.c.name).where(item.c.moment >= datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC))
select(item.c.name).where(item.c.day == datetime.date(2024, 2, 29), item.c.at == datetime.time(12, 30))
select(item.c.name).where(sa.tuple_(item.c.name, item.c.small).in_([("a", 300), ("b", 1)]))
select(sa.literal({"a": [1]}, JSONB), sa.literal("it's %"), sa.literal(5), sa.literal(None), sa.literal([1, 2], ARRAY(sa.Integer)))
select(sa.case((item.c.small > 0, "big"), else_="none").label("kind"), sa.func.count()).group_by("kind").order_by("kind")
select(sa.func.coalesce(item.c.name, "x"), sa.cast("5", sa.Integer), sa.func.round(item.c.price, 1))
select(item.c.name).where(sa.exists().where(item.c.small == 300)).order_by(item.c.name).limit(2).offset(1)
select(item.c.name).where(item.c.small > 0).union(select(item.c.name).where(item.c.name == "b"))
select(item.c.name).distinct(item.c.color).order_by(item.c.color, item.c.name)
select(sa.func.row_number().over(order_by=item.c.name), item.c.name)
select(sa.text("name, :x + small")).select_from(item).where(sa.text("small = :y")).params(x=300, y=300)
select(sa.values(sa.column("n", sa.Integer), sa.column("t", sa.String), name="v").data([(1, "a"), (2, "it's")]))
`);
