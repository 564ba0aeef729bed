"""Every address on the site (repository, published book, Colab) comes from pyproject.toml."""

from sphinx.application import Sphinx
from sphinx.config import Config

from lmcourse.runner import addresses

COLAB = "https://colab.research.google.com"


def set_addresses(app: Sphinx, config: Config) -> None:
    """Fill the options that Jupyter Book would otherwise want typed into _config.yml."""
    config.html_baseurl = addresses.site() + "/"
    config.html_theme_options.update(
        repository_url=addresses.repository(),
        repository_branch="main",
        path_to_docs="",
        launch_buttons={"colab_url": COLAB, "notebook_interface": "jupyterlab"},
    )


def setup(app: Sphinx) -> None:
    app.connect("config-inited", set_addresses, priority=100)
