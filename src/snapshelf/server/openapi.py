"""Parts of the OpenAPI page that FastAPI cannot read off the routes: bodies of several types, problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from snapshelf._support.options import shape_of
from snapshelf.server.bodies import JSON, MULTIPART, NDJSON, YAML
from snapshelf.server.models import (
    EventBody,
    HeatMapBody,
    HttpOptions,
    ProductBody,
    SearchBody,
    SearchForm,
    WhyNotBody,
)
from snapshelf.server.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from http import HTTPStatus

    from pydantic import BaseModel

_SCHEMA = "#/components/schemas/{model}"
_INPUT_SCHEMA = f"{_SCHEMA}Input"
"""Schemas of inputs have names of their own: a price may come as a number, but is answered as a text."""

_BINARY = {"type": "string", "format": "binary"}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": _SCHEMA.format(model=name)}


def _schemas(*models: type[BaseModel], template: str) -> dict[str, Any]:
    _, all_of_them = models_json_schema([(model, "validation") for model in models], ref_template=template)
    names = {name: template.rpartition("/")[2].format(model=name) for name in all_of_them["$defs"]}
    return {names[name]: schema for name, schema in all_of_them["$defs"].items()}


class DescribedApp(FastAPI):
    """An application whose OpenAPI page also has the schemas that only hand-written parts refer to."""

    def openapi(self) -> dict[str, Any]:
        """Build the OpenAPI page once."""
        if self.openapi_schema is None:
            schemas = super().openapi()["components"]["schemas"]
            schemas |= _schemas(Problem, template=_SCHEMA)
            schemas |= _schemas(
                SearchBody, WhyNotBody, HeatMapBody, ProductBody, EventBody, template=_INPUT_SCHEMA
            )
            put = dict(schemas["ProductBodyInput"])
            put["required"] = [field for field in put["required"] if field != "id"]
            schemas["ProductPutInput"] = put
        assert self.openapi_schema is not None  # noqa: S101  (set by the parent's method)
        return self.openapi_schema


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Responses of a route that answers problems with these statuses."""
    content = {MEDIA_TYPE: {"schema": _reference("Problem")}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


ANY_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any other problem.",
        "content": {MEDIA_TYPE: {"schema": _reference("Problem")}},
    }
}


def query_parameters(form: type[HttpOptions], note: str = "") -> list[dict[str, Any]]:
    """Describe the options of a request as parameters of an address.

    Parameters
    ----------
    form : type of HttpOptions
    note : str
        Said before each description.
    """
    objects = {name for name, field in form.model_fields.items() if shape_of(field) == "object"}
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            # An object comes as JSON in an address.
            **({"content": {JSON: {"schema": schema}}} if name in objects else {"schema": schema}),
            "description": f"{note} {schema['description']}".strip(),
        }
        for name, schema in form.model_json_schema(ref_template=_INPUT_SCHEMA)["properties"].items()
    ]


def search_body(form: type[SearchForm], body: type[SearchForm]) -> dict[str, Any]:
    """Describe a search in its three forms.

    Parameters
    ----------
    form, body : type of SearchForm
        The options beside the photos, and the whole as JSON.
    """
    schema = form.model_json_schema(ref_template=_INPUT_SCHEMA)
    photos = {"type": "array", "items": _BINARY, "description": "The photos, as files."}
    multipart = {
        "type": "object",
        "properties": {"photo": photos, **schema["properties"]},
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    return {
        "parameters": query_parameters(form, "Only when the body is an image."),
        "requestBody": {
            "required": True,
            "content": {
                MULTIPART: {"schema": multipart},
                "image/*": {"schema": _BINARY},
                JSON: {"schema": _reference(f"{body.__name__}Input")},
            },
        },
    }


RULES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The rules, as in rules.yaml.",
        "content": {YAML: {"schema": {"type": "string"}}},
    }
}

PUT_PRODUCT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": _reference("ProductPutInput")},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "product": _reference("ProductPutInput"),
                        "photos": {"type": "array", "items": _BINARY, "description": "The photos, as files."},
                    },
                    "required": ["product"],
                    "additionalProperties": False,
                },
                "encoding": {"product": {"contentType": JSON}},
            },
        },
    }
}

IMPORT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One product in JSON per line; empty lines are skipped.",
        "content": {NDJSON: {"schema": _reference("ProductBodyInput")}},
    }
}

_EVENT = _reference("EventBodyInput")
_EVENT_EXAMPLES: dict[str, Any] = {
    "UBI": {
        "value": {
            "action_name": "click",
            "client_id": "browser-7",
            "user_id": "ann",
            "query_id": "00112233445566778899aabbccddeeff",
            "timestamp": "2026-05-01T10:00:00Z",
            "event_attributes": {"object": {"object_id": "D-17"}},
        }
    },
    "Google Retail": {
        "value": {
            "eventType": "add-to-cart",
            "visitorId": "browser-7",
            "eventTime": "2026-05-01T10:00:00Z",
            "userInfo": {"userId": "ann"},
            "productDetails": [{"product": {"id": "D-17"}, "quantity": 1}],
        }
    },
    "GA4": {
        "value": {
            "client_id": "browser-7",
            "user_id": "ann",
            "events": [
                {
                    "name": "purchase",
                    "params": {
                        "transaction_id": "T-1",
                        "items": [{"item_id": "D-17", "price": 19.9, "quantity": 2}],
                    },
                }
            ],
        }
    },
}
EVENTS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"anyOf": [_EVENT, {"type": "object"}, {"type": "array", "items": _EVENT}]},
                "examples": _EVENT_EXAMPLES,
            },
            NDJSON: {"schema": _EVENT},
        },
    }
}
