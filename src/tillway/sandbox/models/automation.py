"""What the server knows of itself, and the rules that act when a record changes.

Tables only; the rules that post are run by `hooks`.
"""

from __future__ import annotations

from typing import Final

from tillway.sandbox.fields import (
    Model,
    boolean,
    char,
    integer,
    many2many,
    many2one,
    model,
    moment,
    one2many,
    selection,
)

MODELS: Final[tuple[Model, ...]] = (
    model(
        "ir.model",
        "Models",
        char("name", "Model Description", required=True),
        char("model", required=True, indexed=True),
        boolean("transient", "Transient Model"),
        selection("state", "manual=Custom Object|base=Base Object", "Type", readonly=True, default="manual"),
        one2many("field_id", "ir.model.fields", "model_id", "Fields"),
        order="model",
    ),
    model(
        "ir.model.fields",
        "Fields",
        char("name", "Field Name", required=True, indexed=True),
        char("model", "Model Name", required=True, indexed=True),
        many2one("model_id", "ir.model", required=True, on_delete="cascade"),
        char("ttype", "Field Type", required=True),
        selection("state", "manual=Custom Field|base=Base Field", "Type", readonly=True, default="manual"),
        one2many("selection_ids", "ir.model.fields.selection", "field_id", "Selection Options"),
        char("relation", "Related Model"),
        char("field_description", "Field Label"),
        boolean("store", "Stored", default=True),
        order="name, id",
        rec_name="field_description",
    ),
    model(
        "ir.model.fields.selection",
        "Fields Selection",
        many2one("field_id", "ir.model.fields", required=True, on_delete="cascade"),
        char("value", required=True),
        char("name", required=True),
        integer("sequence", default=1000),
        order="sequence, id",
    ),
    model(
        "base.automation",
        "Automation Rule",
        char("name", required=True),
        boolean("active", default=True),
        many2one("model_id", "ir.model", required=True),
        char("model_name", path="model_id.model"),
        selection(
            "trigger",
            "on_archive=On archived|on_unarchive=On unarchived|on_create=On create|"
            "on_create_or_write=On create and edit|on_write=On update|on_unlink=On deletion|on_webhook=On webhook",
            required=True,
        ),
        many2many("trigger_field_ids", "ir.model.fields", "Trigger Fields"),
        char("filter_pre_domain", "Before Update Domain"),
        char("filter_domain", "Apply on"),
        one2many("action_server_ids", "ir.actions.server", "base_automation_id", "Actions"),
    ),
    model(
        "ir.actions.server",
        "Server Actions",
        char("name", "Action Name", required=True),
        boolean("active", default=True),
        many2one("model_id", "ir.model", required=True),
        char("model_name", path="model_id.model"),
        selection(
            "state",
            "object_write=Update Record|code=Execute Code|webhook=Send Webhook Notification",
            "Type",
            required=True,
            default="object_write",
        ),
        selection("usage", "ir_actions_server=Server Action|ir_cron=Scheduled Action|base_automation=Automation Rule"),
        char("webhook_url"),
        many2many("webhook_field_ids", "ir.model.fields", "Webhook Fields"),
        many2one("base_automation_id", "base.automation", "Automation Rule", on_delete="cascade"),
        order="name, id",
    ),
    model(
        "ir.cron",
        "Scheduled Actions",
        char("name", required=True),
        boolean("active", default=True),
        many2one("model_id", "ir.model", required=True),
        selection("state", "object_write=Update Record|code=Execute Code", "Type", default="code"),
        many2one("user_id", "res.users", "Scheduler User", default=2),
        integer("interval_number", default=1),
        selection("interval_type", "minutes|hours|days|weeks|months", required=True, default="months"),
        moment("nextcall", "Next Execution Date"),
        order="name, id",
    ),
    model(
        "res.users.apikeys",
        "Users API Keys",
        char("name", "Description", required=True),
        many2one("user_id", "res.users", required=True),
        char("scope"),
        moment("expiration_date", "Expiration Date"),
        order="id",
    ),
)
