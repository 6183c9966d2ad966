"""JupyterHub for a room: one machine, one password for each learner, chosen at the first login.

    jupyterhub -f jupyterhub_config.py

Learners open http://THIS-MACHINE:8000, type a name and a password of at least seven characters, and JupyterLab opens
on their own copy of the course. Their work is in `learners/NAME/my-course` beside this file.

What this is for: a room of people who trust each other, for a day. The web address of one learner is closed to the
others. But all servers run under the account that starts the hub, so a learner's code could read other learners'
files and the hub's own. Where that matters, take system users, The Littlest JupyterHub or Kubernetes: see the ends of
the three sections below.
"""

import os
from pathlib import Path

from mechint_course import resources
from mechint_course.classroom import copies, lab

c = get_config()  # JupyterHub gives it
here = Path(__file__).resolve().parent
learners, hub = here / "learners", here / "hub"
hub.mkdir(mode=0o700, exist_ok=True)

# --- Where the hub listens, and where it keeps what it knows ---------------------------------------------------
c.JupyterHub.bind_url = "http://:8000"  # plain http: a room's own network. Elsewhere put it behind https.
c.JupyterHub.db_url = f"sqlite:///{hub}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(hub / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(hub / "proxy.pid")
# The Littlest JupyterHub brings a hub of its own: leave this section out there.

# --- Who may come in -------------------------------------------------------------------------------------------
c.JupyterHub.authenticator_class = "firstuseauthenticator.FirstUseAuthenticator"
c.FirstUseAuthenticator.dbm_path = str(hub / "passwords")
c.Authenticator.allow_all = True  # or c.Authenticator.allowed_users = {"ada", "ben"}
c.Authenticator.admin_users = {"teacher"}  # log in under this name before anybody else does
# A forgotten password: delete the learner on the page /hub/admin; the files stay, and the next login sets a new one.
# TLJH uses this authenticator already; on Kubernetes: hub.config.JupyterHub.authenticator_class.

# --- What a learner gets ---------------------------------------------------------------------------------------
c.JupyterHub.spawner_class = "simple"  # a process under this account; see the warning above
c.SimpleLocalProcessSpawner.home_dir_template = f"{learners}/{{username}}"
c.Spawner.notebook_dir = f"{learners}/{{username}}/my-course"
c.Spawner.default_url = "/lab/tree/01_toy/01_toy.ipynb"
c.Spawner.args = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",  # many learners, few cores: one thread each wastes least
    "MECHINT_COURSE_HOME": lambda spawner: f"{learners}/{spawner.user.name}/progress",
    "MECHINT_COURSE_CACHE": str(here / "cache"),  # texts are prepared once for all
    **{key: lab.environment()[key] for key in ("JUPYTER_PREFER_ENV_PATH", "JUPYTER_CONFIG_PATH")},
}
c.Spawner.start_timeout = 120  # thirty people press the button in the same minute
c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 8
c.JupyterHub.active_server_limit = 0  # no limit; the table in README.md says how many this machine holds


def give_chapters(spawner):
    """Before each start: chapters that a learner lacks, and what is new in the others. Their answers stay."""
    for sentence in copies.bring_up_to_date(
        resources.chapters_folder(), learners / spawner.user.name / "my-course"
    ):
        spawner.log.info("%s: %s", spawner.user.name, sentence)


c.Spawner.pre_spawn_hook = give_chapters
# One system account for each learner, files closed to the others: c.JupyterHub.spawner_class = "localprocess", the hub
# started as root, and accounts made beforehand or by c.LocalAuthenticator. TLJH does this, with limits of memory
# (c.SystemdSpawner.mem_limit = "2G"). On Kubernetes: KubeSpawner, an image with `pip install mechint-course`, and
# singleuser.memory.limit; chapters then come by the link that link.py makes.
