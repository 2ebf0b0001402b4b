"""What Plone's own actions on content are called, count and go through.

For each that `contents.zcml` takes: when it is much, the title of its
processes, and the block in which it works.
"""

from AccessControl import getSecurityManager
from Acquisition import aq_inner
from Acquisition import aq_parent
from Products.CMFCore.utils import getToolByName

from netsight.async_.background import counting
from netsight.async_.background.counting import above_threshold
from netsight.async_.background.counting import path_of
from netsight.async_.background.progress import CLONED
from netsight.async_.background.progress import COPIED
from netsight.async_.background.progress import INDEXED
from netsight.async_.background.progress import MOVED
from netsight.async_.background.progress import PREPARED
from netsight.async_.background.progress import TRANSITIONED
from netsight.async_.background.progress import progress_of_objects
from netsight.async_.i18n import _


def titled(title, count):
    """Return a `title` for `in_background`: a message id, with its values.

    These are the path in the site, and the number that `count` returns for a
    view.
    """

    def title_of(view):
        mapping = {"path": shown_path(view), "count": count(view)}
        return type(title)(title, mapping=mapping)

    return title_of


def shown_path(view):
    """Return where a view works, as the address goes on below the site.

    A list of contents says which of its folders it shows.
    """
    folder = view.request.form.get("folder")
    if isinstance(folder, str):
        return f"/{folder.strip('/')}"
    portal = getToolByName(view.context, "portal_url").getPortalObject()
    return path_of(view.context).removeprefix(path_of(portal)) or "/"


def in_stages(count, **stages):
    """Return a `within` for `in_background`: tells objects in stages.

    `count` is called with the view, and returns how many there are.  A stage
    is so many times that, or another such function.
    """

    def within(view):
        number = count(view)
        return progress_of_objects(
            {
                name: each(view) if callable(each) else each * number
                for name, each in stages.items()
            }
        )

    return within


DELETED = {PREPARED: 1, MOVED: 1, INDEXED: 1}

RENAMED = {PREPARED: 1, MOVED: 1, INDEXED: 2}
"""The catalog forgets the old address and learns the new one."""


# Many, in the list of a folder


def many(action, count):
    """Return a `when`; what the list asks before the work is done at once."""
    is_much = above_threshold(action, count)

    def are_many(view):
        return view.request.form.get("render") != "yes" and is_much(view)

    return are_many


are_many_deleted = many("delete", counting.below_selected)
delete_title = titled(
    _("background_delete", default="Delete ${count} items in ${path}"),
    counting.below_selected,
)
deleting = in_stages(counting.below_selected, **DELETED)

are_many_renamed = many("rename", counting.below_renamed)
rename_title = titled(
    _("background_rename", default="Rename ${count} items in ${path}"),
    counting.below_renamed,
)
renaming = in_stages(counting.below_renamed, **RENAMED)

are_many_tagged = many("properties", counting.selected)
tags_title = titled(
    _("background_tags", default="Change tags of ${count} items in ${path}"),
    counting.selected,
)
tagging = in_stages(counting.selected, **{INDEXED: 1})

are_many_changed = many("properties", counting.selected_deeply)
properties_title = titled(
    _(
        "background_properties",
        default="Change properties of ${count} items in ${path}",
    ),
    counting.selected_deeply,
)
changing = in_stages(counting.selected_deeply, **{INDEXED: 1})

are_many_transitioned = many("workflow", counting.below_selected)
workflow_title = titled(
    _(
        "background_workflow",
        default="Change the state of ${count} items in ${path}",
    ),
    counting.below_selected,
)
transitioning = in_stages(
    counting.below_selected,
    **{TRANSITIONED: counting.selected_deeply, INDEXED: 1},
)


are_many_pasted = many("paste", counting.below_clipboard)
paste_title = titled(
    _("background_paste", default="Paste ${count} items into ${path}"),
    counting.below_clipboard,
)


def pasting(view):
    """Tell what is copied or moved, object by object."""
    number = counting.below_clipboard(view)
    return progress_of_objects(pasted_stages(number, counting.is_cut(view)))


def pasted_stages(number, cut):
    """Return the stages of so many objects that are cut, or copied."""
    if cut:
        return {name: each * number for name, each in RENAMED.items()}
    return dict.fromkeys((COPIED, PREPARED, MOVED, CLONED, INDEXED), number)


# One and what is in it, in the menus

is_much_deleted = above_threshold("delete", counting.below_context)
_is_much_renamed = above_threshold("rename", counting.below_context)
_is_much_shared = above_threshold("sharing", counting.below_context)
delete_this_title = titled(
    _("background_delete_this", default="Delete ${path} (${count} items)"),
    counting.below_context,
)
deleting_this = in_stages(counting.below_context, **DELETED)


def is_much_renamed(view):
    """Tell whether much gets another address.

    A new title alone changes one object.  Who may not rename it is told at
    once.
    """
    parent = aq_parent(aq_inner(view.context))
    new_id = view.request.form.get("form.widgets.new_id")
    return (
        new_id != view.context.getId()
        and getSecurityManager().checkPermission("Copy or Move", parent)
        and _is_much_renamed(view)
    )


rename_this_title = titled(
    _("background_rename_this", default="Rename ${path} (${count} items)"),
    counting.below_context,
)
renaming_this = in_stages(counting.below_context, **RENAMED)


def is_much_shared(view):
    """Tell whether a form shares much: one that the view works on."""
    form = view.request.form
    return "form.submitted" in form and _is_much_shared(view)


share_title = titled(
    _("background_share", default="Share ${path} (${count} items)"),
    counting.below_context,
)
sharing = in_stages(counting.below_context, **{INDEXED: 1})

_is_much_transitioned = above_threshold("workflow", counting.below_changed)


def is_much_transitioned(view):
    """Tell whether what can see another state is much, if one is chosen."""
    action = view.request.form.get("workflow_action")
    workflow = getToolByName(view.context, "portal_workflow")
    possible = [
        each["id"] for each in workflow.getTransitionsFor(view.context)
    ]
    return action in possible and _is_much_transitioned(view)


workflow_this_title = titled(
    _(
        "background_workflow_this",
        default="Change the state of ${path} (${count} items)",
    ),
    counting.below_changed,
)
transitioning_this = in_stages(counting.below_changed, **{INDEXED: 1})

_are_many_published = above_threshold("workflow", counting.below_paths)


def are_many_published(view):
    """Tell whether a form changes the state of many, and says to which."""
    form = view.request.form
    return bool(form.get("workflow_action")) and _are_many_published(view)


publish_title = titled(
    _(
        "background_workflow",
        default="Change the state of ${count} items in ${path}",
    ),
    counting.below_paths,
)
publishing = in_stages(
    counting.below_paths,
    **{TRANSITIONED: counting.paths_deeply, INDEXED: 1},
)
