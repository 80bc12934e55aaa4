"""The demo's clips: scenes and sounds that loop seamlessly, drawn and computed by us.

A scene is made once and then asked for frames: `draw(phase)`, with a phase from 0 to 1 over the
clip. All that moves or sounds comes back to where it began, since clips are played again and again.
"""
