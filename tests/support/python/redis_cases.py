"""What redis-py and packages on it give, on CPython's own and on the gateway's: each case by its name."""

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

CASES: dict[str, Callable[["redis.Redis", dict[str, str]], object]] = {}
"""Called with a client of an empty server and the server's addresses."""


def case(function: Callable[["redis.Redis", dict[str, str]], object]) -> Callable[..., object]:
    CASES[function.__name__] = function
    return function


def failure(function: Callable[[], object]) -> str:
    try:
        return f"no failure: {function()!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@case
def values(client: "redis.Redis", at: dict[str, str]) -> object:
    every_byte = bytes(range(256))
    large = every_byte * 12_000
    client.set("bytes", every_byte, ex=100)
    client.set("large", large)
    client.hset("hash", mapping={"a": 1, b"\xff": b"\0"})
    client.zadd("scores", {"ada": 1.5, "bob": 2})
    texts = redis.Redis.from_url(at["url"], decode_responses=True)
    old = redis.Redis.from_url(at["url"], protocol=2)
    new = redis.Redis.from_url(at["url"], protocol=3)
    return [
        client.get("bytes") == every_byte, client.get("large") == large, client.mget("bytes", "none")[1],
        client.set("bytes", "", nx=True), 0 < client.ttl("bytes") <= 100,
        client.incrbyfloat("n", 1.25), client.decr("i", 3),
        client.hgetall("hash"), client.zrange("scores", 0, -1, withscores=True),
        texts.hget("hash", "a"), texts.zscore("scores", "ada"),
        old.zrange("scores", 0, -1, withscores=True), new.zrange("scores", 0, -1, withscores=True),
        sorted(client.scan_iter(match="*", count=1)),
        failure(lambda: client.incr("hash")), failure(lambda: client.execute_command("NOPE")),
    ]  # fmt: skip


@case
def databases(client: "redis.Redis", at: dict[str, str]) -> object:
    third = redis.Redis.from_url(f"{at['url']}/3")
    third.set("here", 3)
    return client.get("here"), third.get("here"), redis.Redis.from_url(at["url"], db=3).get("here")


@case
def pipelines(client: "redis.Redis", _at: dict[str, str]) -> object:
    with client.pipeline() as pipe:
        both = pipe.set("a", 1).incr("a", 4).get("a").execute()
    with client.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.rpush("list", n)
        lengths = pipe.execute()
    pipe = client.pipeline()
    mixed = pipe.set("b", "text").incr("b").get("b").execute(raise_on_error=False)
    pipe.watch("a")
    client.set("a", "changed")
    pipe.multi()
    pipe.set("a", "lost")
    conflict = failure(pipe.execute)

    def count(counter: Any) -> None:
        before = int(counter.get("c") or 0)
        counter.multi()
        counter.set("c", before + 1).get("c")

    counted = client.transaction(count, "c")
    return [
        both, lengths[-1], [type(answer).__name__ for answer in mixed],
        failure(lambda: client.pipeline().incr("b").execute()), conflict, client.get("a"), counted,
    ]  # fmt: skip


@case
def lua(client: "redis.Redis", _at: dict[str, str]) -> object:
    double = client.register_script("return {KEYS[1], tonumber(ARGV[1]) * 2, false, redis.call('GET', KEYS[1])}")
    client.set("k", b"\x00\xff")
    first = double(keys=["k"], args=[21])
    client.script_flush()
    return first, double(keys=["k"], args=[4]), failure(lambda: client.eval("return redis.call('NOPE')", 0))


@case
def subscriptions(client: "redis.Redis", _at: dict[str, str]) -> object:
    with client.pubsub() as channel:
        nothing = failure(channel.get_message)
        channel.subscribe("a", b"\xff")
        channel.psubscribe("b.*")
        confirmed = [channel.get_message(timeout=5) for _ in range(3)]
        heard = [client.publish("a", b"\0\xff"), client.publish("b.1", "one"), client.publish(b"\xff", "")]
        messages = [channel.get_message(timeout=None) for _ in range(3)]
        none = channel.get_message(), channel.get_message(timeout=0.01), channel.subscribed
        channel.unsubscribe()
        channel.punsubscribe()
        left = [(channel.get_message(timeout=5) or {})["type"] for _ in range(3)], channel.subscribed
    seen: list[object] = []
    woken = threading.Event()
    handled = client.pubsub(ignore_subscribe_messages=True)
    handled.subscribe(news=lambda message: (seen.append(message["data"]), woken.set()))
    thread = handled.run_in_thread(sleep_time=0.01)
    while client.publish("news", "here") == 0:
        time.sleep(0.001)
    woken.wait(5)
    thread.stop()
    thread.join()
    listener = client.pubsub()
    listener.subscribe("l")
    client.publish("l", 1)
    listened = [message["type"] for _, message in zip(range(2), listener.listen(), strict=False)]
    listener.close()
    return nothing, confirmed, heard, messages, none, left, seen, listened


@case
def blocking(client: "redis.Redis", at: dict[str, str]) -> object:
    impatient = redis.Redis.from_url(at["url"], socket_timeout=0.05, retry=None)
    answers: list[object] = [None] * 20

    def wait(n: int) -> None:
        answers[n] = client.blpop([f"q{n}", "other"], timeout=20)

    threads = [threading.Thread(target=wait, args=[n]) for n in range(20)]
    for thread in threads:
        thread.start()
    for n in range(20):
        client.rpush(f"q{n}", n)
    for thread in threads:
        thread.join()
    client.xadd("stream", {"n": "1"}, id="1-1")
    return [
        answers, client.blpop("never", timeout=0.01), client.brpoplpush("never", "else", timeout=0.01) is None,
        client.xread({"stream": 0}, block=1000), client.xread({"stream": "$"}, block=10),
        type(_raised(lambda: impatient.blpop("never", timeout=20))).__name__,
    ]  # fmt: skip


@case
def pools_and_locks(client: "redis.Redis", at: dict[str, str]) -> object:
    pool = redis.BlockingConnectionPool.from_url(at["url"], max_connections=3, timeout=20)
    shared = redis.Redis(connection_pool=pool)
    order: list[int] = []

    def work(n: int) -> None:
        with shared.lock("lock", timeout=10, sleep=0.001):
            order.append(n)
            shared.incr("inside")
            if shared.decr("inside") != 0:
                order.append(-1)

    threads = [threading.Thread(target=work, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    full = redis.Redis(connection_pool=redis.ConnectionPool.from_url(at["url"], max_connections=1))
    with full.pubsub() as holding:
        holding.subscribe("x")
        too_many = type(_raised(lambda: full.get("x"))).__name__
    return sorted(order), too_many, full.get("x"), client.get("inside")


@case
def lost_connections(client: "redis.Redis", at: dict[str, str]) -> object:
    own = redis.Redis.from_url(at["url"])
    own.set("a", 1)
    ident = own.client_id()
    client.client_kill_filter(_id=str(ident))
    again = own.get("a"), own.client_id() == ident
    return again, type(_raised(lambda: redis.Redis(host="127.0.0.1", port=1, retry=None).ping())).__name__


@case
def forgotten_connections(client: "redis.Redis", at: dict[str, str]) -> object:
    own = redis.Redis.from_url(at["url"], client_name="forgetful")

    def count() -> int:
        return sum(entry["name"] == "forgetful" for entry in client.client_list())

    pipe = own.pipeline()
    pipe.watch("a")
    channel = own.pubsub()
    channel.subscribe("a")
    held = count()
    del pipe, channel
    kept = own.get("nothing"), own.ping(), count() <= 2
    del own
    while count() > 0:
        time.sleep(0.001)
    return held, kept


@case
def other_ways(_client: "redis.Redis", at: dict[str, str]) -> object:
    path = redis.Redis.from_url(at["unix"])
    secure = redis.Redis.from_url(at["tls"], ssl_ca_certs=at["certificate"])
    distrusting = redis.Redis.from_url(at["tls"], retry=None)
    return [
        path.set("way", "unix"), secure.get("way"), type(_raised(distrusting.ping)).__name__,
        type(_raised(lambda: redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=None).ping())).__name__,
    ]  # fmt: skip


@case
def django_caches(client: "redis.Redis", at: dict[str, str]) -> object:
    from django.conf import settings

    if not settings.configured:
        django = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": at["url"]}
        shared = {"BACKEND": at["cache"], "LOCATION": at["location"], "OPTIONS": {"client_name": "cache"}}
        settings.configure(CACHES={"default": django, "shared": shared})
    from django.core.cache import cache, caches

    value = {"a": [1, 2], "b": "ü", "c": b"\xff"}
    cache.set("key", value, timeout=100, version=2)
    cache.set_many({f"k{n}": n for n in range(5)})
    found = [
        cache.get("key", version=2) == value, cache.get_many(["k1", "k3", "none"]), cache.incr("k4", 10),
        cache.add("k1", 0), cache.get_or_set("made", lambda: "now"), cache.touch("k1", 5), cache.has_key("none"),
        cache.delete("k1"), cache.get("k1", "default"), failure(lambda: cache.incr("none")),
    ]  # fmt: skip

    for _ in range(3):
        thread = threading.Thread(target=lambda: caches["shared"].get("k3"))
        thread.start()
        thread.join()
    connections = sum(entry["name"] == "cache" for entry in client.client_list())
    kept = connections == 1 or at["cache"].startswith("django")
    return found, [caches["shared"].get("k3"), caches["shared"].incr("k3"), cache.clear(), kept]


@case
def flask_sessions(_client: "redis.Redis", at: dict[str, str]) -> object:
    import flask
    from flask_session import Session

    app = flask.Flask(__name__)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=redis.from_url(at["url"]), SECRET_KEY="x")  # noqa: S106
    Session(app)

    @app.get("/")
    def count() -> str:
        flask.session["n"] = flask.session.get("n", 0) + 1
        return str(flask.session["n"])

    browser, other = app.test_client(), app.test_client()
    return [browser.get("/").text, browser.get("/").text, other.get("/").text, browser.get("/").text]


@case
def rate_limits(_client: "redis.Redis", at: dict[str, str]) -> object:
    from limits import parse, storage, strategies

    found = []
    for strategy in (strategies.FixedWindowRateLimiter, strategies.MovingWindowRateLimiter):
        limiter = strategy(storage.storage_from_string(at["url"]))
        found.append([limiter.hit(parse("3/hour"), strategy.__name__) for _ in range(5)])
    return found


@case
def flask_limits(_client: "redis.Redis", at: dict[str, str]) -> object:
    import flask
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = flask.Flask(__name__)
    limiter = Limiter(get_remote_address, app=app, storage_uri=at["url"], default_limits=["3 per hour"])
    app.add_url_rule("/", view_func=lambda: "here")
    app.add_url_rule("/free", view_func=limiter.exempt(lambda: "free"), endpoint="free")
    browser = app.test_client()
    return [browser.get("/").status_code for _ in range(5)], browser.get("/free").status_code


@case
def clusters(_client: "redis.Redis", at: dict[str, str]) -> object:
    from redis.cluster import RedisCluster

    cluster = RedisCluster.from_url(at["cluster"])
    names = ["a", "b", "c", "d"]  # two on each of both nodes
    written = [cluster.set(name, name) for name in names]
    pipe = cluster.pipeline()
    for name in names:
        pipe.get(name)
    with cluster.pubsub() as channel:
        channel.ssubscribe("a")
        while channel.get_sharded_message(timeout=0.1) is None:
            pass
        heard = cluster.spublish("a", b"\xff")
        while (message := channel.get_sharded_message(timeout=0.1)) is None:
            pass
    return written, pipe.execute(), failure(lambda: cluster.mget("a", "b")), heard, message


@case
def sentinels(client: "redis.Redis", at: dict[str, str]) -> object:
    from redis.sentinel import MasterNotFoundError, Sentinel

    host, port = at["sentinel"].removeprefix("redis://").split(":")
    sentinel = Sentinel([(host, int(port))], socket_timeout=5)
    sentinel.master_for("watched").set("a", 1)
    return client.get("a"), type(_raised(sentinel.master_for("other").ping)) is MasterNotFoundError


def _raised(function: Callable[[], object]) -> BaseException | None:
    try:
        function()
    except Exception as error:
        return error
    return None


def outcomes(at: dict[str, str]) -> dict[str, Any]:
    """Runs all cases, each on a server without data."""
    found: dict[str, Any] = {}
    client = redis.Redis.from_url(at["url"])
    for name, function in CASES.items():
        client.flushall()
        try:
            found[name] = repr(function(client, at))
        except Exception as error:
            import traceback

            found[name] = f"raised {error!r}" + traceback.format_exc()
    return found


if __name__ == "__main__":
    print(json.dumps(outcomes(json.loads(sys.argv[1]))))
