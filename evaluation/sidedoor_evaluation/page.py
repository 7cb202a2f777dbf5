"""The style of the report's page."""

from typing import Final

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
h4 { margin: .8rem 0 .2rem; }
table { border-collapse: collapse; margin: .8rem 0; display: block; overflow-x: auto; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #ddd;
         white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
.about td { text-align: left; white-space: normal; }
figure { margin: 1.5rem 0; } img { max-width: 100%; } figcaption { color: #555; }
.message { border-left: 3px solid #999; padding: .1rem .9rem; margin: 1rem 0; }
.message p { margin: .25rem 0; } .id, .before, small { color: #555; font-size: .85rem; }
.before::before { content: "before: "; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.wrong { font-weight: 600; } .also { color: #555; }
mark { background: #cfe8f7; } ins { background: #fde0c5; text-decoration: none;
       border-bottom: 2px dashed #d55e00; }
del { background: #eee; text-decoration: none; border-bottom: 2px solid #0072b2; }
sub { font-size: .6rem; color: #555; margin-left: .2rem; }
"""
