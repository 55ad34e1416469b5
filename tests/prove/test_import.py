"""kill -9 of the importer at random moments: the end equals a run that nobody disturbed."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from urllib.parse import quote

import psycopg
import pytest

from hub import devpg
from tests.prove.live import ROOT, LiveHub

pytestmark = pytest.mark.prove

ROUNDS = int(os.environ.get("HUB_ROUNDS", "3"))
STORES, ITEMS, MOST_DEATHS = 12, 3_000, 12
# small chunks, so that there is something to lose at every moment
IMPORTER = """
import sys
import django
django.setup()
from django.core.management import CommandError, call_command
from inventory.services.feeding import looking
looking.CHUNK_LINES = 1_000
try:
    call_command("import_stock", sys.argv[1], *sys.argv[2:])
except CommandError as error:
    sys.exit(error.returncode)
"""
GOODS = f"""
from hub.stores.models import Brand, Store
from inventory.models import Item
brand = Brand.objects.create(name="B")
for n in range({STORES}):
    Store.objects.create(brand=brand, code=f"S{{n}}", name="S", latitude=1, longitude=1,
        timezone="UTC", country="PL")
Item.objects.bulk_create(Item(sku=f"I{{n}}", name="I") for n in range({ITEMS}))
"""
# everything that a run leaves behind, without the ids and times of its own
LEFT = {
    "levels": "SELECT store_id, item_id, on_hand, deficit, unavailable, allocated, held, counted_at"
    " FROM inventory_stocklevel ORDER BY 1, 2",
    "ledger": "SELECT source, source_event_id, store_id, item_id, kind, quantity, on_hand_change,"
    " superseded, occurred_at FROM inventory_inventoryevent ORDER BY 1, 2",
    "feeds": "SELECT store_id, counted_as_of FROM inventory_storefeed ORDER BY 1",
    "refused": "SELECT line, code, detail FROM inventory_refusedline ORDER BY file_id, line",
    "unmapped": "SELECT source, code, times FROM inventory_unmappedcode ORDER BY 1, 2",
    "files": "SELECT name, digest, status, lines, lines_done, lines_refused, result"
    " FROM inventory_stockfile ORDER BY id",
    "touched": "SELECT store_id, item_id, count(*) FROM inventory_stocktouch GROUP BY 1, 2"
    " ORDER BY 1, 2",
}


class Importer:
    """Databases of one server, and imports into them by processes that can be killed."""

    def __init__(self, folder):
        self.folder = folder
        self.live = LiveHub(folder / "var")
        devpg.ensure(self.live.server)
        self.live.manage("migrate", "--verbosity", "0")
        self.live.manage("shell", "-c", GOODS)
        self.run("curbhub", self.write("before.csv", seed=0, share=0.7), "2026-03-01T06:00Z")

    def write(self, name, *, seed, share):
        """A feed that names a share of the goods, and some that nobody knows."""
        chance, path = random.Random(seed), self.folder / name
        with path.open("w") as file:
            file.write("store,sku,on_hand\n")
            for store in range(STORES):
                for item in range(ITEMS):
                    if chance.random() < share:
                        file.write(f"S{store},I{item},{chance.randrange(20, 60)}\n")
                    if chance.random() < 0.01:
                        file.write(f"S{store},X{chance.randrange(40)},1\n")
                if chance.random() < 0.3:
                    file.write(f"S{store},I0,many\nNOWHERE,I1,1\n")
        return path

    def copy(self, name):
        """A database as it was before the import."""
        self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._administer(f"CREATE DATABASE {name} TEMPLATE curbhub")

    def env(self, database):
        host = quote(str(self.live.server.sockets), safe="")
        user = f"{devpg.ROLE}@{host}:5432"
        feeds = str(self.folder / f"feeds_{database}")
        url = f"postgresql://{user}/{database}"
        return self.live.env | {"DATABASE_URL": url, "HUB_FEEDS_DIR": feeds}

    def start(self, database, path, as_of):
        words = [str(path), "--complete", "--yes", "--source", "erp", "--as-of", as_of]
        return subprocess.Popen(
            [sys.executable, "-c", IMPORTER, *words],
            cwd=ROOT,
            env=self.env(database),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, database, path, as_of):
        """Seconds of an import that nobody disturbs."""
        begun = time.monotonic()
        process = self.start(database, path, as_of)
        _, said = process.communicate(timeout=300)
        assert process.returncode in (0, 1), said  # 1: some lines are refused, as they should
        return time.monotonic() - begun

    def left(self, database):
        with psycopg.connect(self.live.server.dsn(database)) as connection:
            return {name: connection.execute(query).fetchall() for name, query in LEFT.items()}

    def invariants(self, database):
        words = [sys.executable, "manage.py", "check_invariants", "--json"]
        env = self.env(database)
        done = subprocess.run(
            words, cwd=ROOT, env=env, text=True, capture_output=True, check=False, timeout=120
        )
        return json.loads(done.stdout)

    def stop(self):
        devpg.stop(self.live.server)
        shutil.rmtree(self.live.server.home, ignore_errors=True)

    def _administer(self, statement):
        dsn = self.live.server.dsn("postgres")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def importer(tmp_path_factory):
    made = Importer(tmp_path_factory.mktemp("import"))
    yield made
    made.stop()


@pytest.mark.parametrize("seed", range(1, ROUNDS + 1))
def test_an_importer_that_is_killed_at_any_moment_loses_and_doubles_nothing(importer, seed):
    chance, as_of = random.Random(seed), "2026-03-02T06:00Z"
    path = importer.write("stock.csv", seed=seed, share=0.6)
    os.utime(path, (1_772_000_000, 1_772_000_000))
    importer.copy("calm")
    seconds = importer.run("calm", path, as_of)
    importer.copy("rough")

    deaths, done = [], False
    while not done:
        process = importer.start("rough", path, as_of)
        patience = 300 if len(deaths) == MOST_DEATHS else chance.uniform(0.4, 1.0) * seconds
        try:
            _, said = process.communicate(timeout=patience)
            assert process.returncode in (0, 1, 2), said
            done = process.returncode != 2  # 2: the dead one's connection still has the file
            assert done or "another process" in said, said
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            rows = importer.left("rough")["files"]
            deaths.append(rows[-1][4] if len(rows) > 1 else None)

    print(f"seed {seed}: died after {deaths} rows of a run of {seconds:.1f} s")
    assert importer.left("rough") == importer.left("calm")
    assert importer.invariants("rough")["ok"]
