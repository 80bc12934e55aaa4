"""Who asks by a credential in an address, as players of others do."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from matinee.core.ratelimit import EXPORTS
from matinee.epg.exports.addresses import server_of
from matinee.epg.exports.credentials import Device, device_by
from matinee.runtime import RuntimeDep

Username = Annotated[str, Query(max_length=100, description="Of the credential.")]
Password = Annotated[str, Query(max_length=200, description="Of the credential.")]
PathUsername = Annotated[str, Path(max_length=100)]
PathPassword = Annotated[str, Path(max_length=200)]


async def _device(runtime: RuntimeDep, username: Username, password: Password) -> Device:
    return await device_by(runtime, username, password)


async def _document_device(runtime: RuntimeDep, username: Username, password: Password) -> Device:
    device = await device_by(runtime, username, password)
    if runtime.settings.rate_limits_enabled:
        await runtime.limiter.hit(EXPORTS, device.username)
    return device


async def _path_device(
    runtime: RuntimeDep, username: PathUsername, password: PathPassword
) -> Device:
    return await device_by(runtime, username, password)


async def _server(request: Request, runtime: RuntimeDep) -> str:
    return server_of(request, runtime.settings)


AskingDevice = Annotated[Device, Depends(_device)]
"""A player by the credential in its query."""

DocumentDevice = Annotated[Device, Depends(_document_device)]
"""The same, where it asks for a whole document; these are limited."""

PlayingDevice = Annotated[Device, Depends(_path_device)]
"""A player by the credential in its path."""

Server = Annotated[str, Depends(_server)]
"""Scheme and host by which the request came."""
