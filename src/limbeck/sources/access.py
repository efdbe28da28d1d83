"""Whether a repository of the hub may be read, found out with one small request."""

from typing import Literal, NamedTuple

Kind = Literal["dataset", "model"]


class Repository(NamedTuple):
    """A repository of the hub, and the key of the config that names it."""

    key: str
    kind: Kind
    name: str

    @property
    def page(self) -> str:
        """Where people read of it, and agree to its terms."""
        return f"https://huggingface.co/{'datasets/' if self.kind == 'dataset' else ''}{self.name}"


def barrier(repository: Repository) -> str | None:
    """What keeps this machine from reading a repository, and what to do; None if nothing does."""
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        HfApi().auth_check(repository.name, repo_type=repository.kind)
    except GatedRepoError as error:
        known = error.response is not None and error.response.status_code == 403
        login = "" if known else ", then log in with `hf auth login`"
        return f"gated: agree to its terms on {repository.page}{login}"
    except RepositoryNotFoundError:
        return f"neither a folder here nor a {repository.kind} of the hub"
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx.HTTPError, OSError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return f"the hub cannot be asked ({reason[:200]})"
    return None
