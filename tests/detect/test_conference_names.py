"""Names that imitate a meeting service, and the many that only look so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect.analyses import conference_names
from wardround.detect.analyses.conference_names import judged

FALSE = """
zoom.us.join-room.example zoom.us-web.xyz teams.microsoft.com.session.example webex.com-secure.example
us05web-zoom.biz us05web-zoom.forum zoom.us07web.online us02web.example z00m.us zo0m.us zoorn.us xn--zom-ted.us
teams.rnicrosoft.com teams.micros0ft.com login.microsoft0nline.com webex-meeting.top install-msteams.com
join-zoom.online zoom-meetings.com zoommeeting.info zoom-us.com zoomus.website us-zoom.com zoom-app.net
microsoft-teams-download.net microsoftteams.app microsoft-teams.live teams-microsoft.com teams-download.buzz
teams-app.net teamsinstall.top jointeams.example teams-meeting.xyz webex.top msteams.xyz zooom-meeting.com
zoom-meeting.pages.dev webex-login.co.uk download-webex.com zoom-client-update.de webexx-join.com zoom-update.com
"""
HONEST = """
hopital-ville.zoom.us us02web.zoom.us zoom.us us04web.zoom.us teams.microsoft.com join.webex.com chu.webex.com zoom.fr
zoom.com.br www.zoom.com.br zoom.de cdn1.zoom.de intern.zoom.de tour1.zoom.it zoom-lenses.example zoominfo.com
zoomtext.com zoomcar.com zoomlion.com weber.com webexperts.com webexpress.fr web-exchange.chu-ville.fr
teams.sportsclub.example teamsnap.com teamapp.com teams-building.fr ourteams.org zoom-meeting-pc.lan
teams.microsoft.com.edgekey.net zoom.us.cdn.cloudflare.net teams.microsoft.com.edgesuite.net zoom.us.multi.uribl.com
zoom.us.dbl.spamhaus.org teams-office-com.s-0005.s-msedge.net zoom-meeting.chu-ville.fr webex-join.aphp.fr
zoom.hopital.fr zoom.univ-ville.fr microsoft.com teams.live.com teams.cloud.microsoft statics.teams.cdn.office.net
microsoft-update.example calendly.com doctolib.fr roomzoom.fr bloom.us boom.us loom.com zoo.org zoo-de-vincennes.fr
rooms.example exchange.example meeting.example meet.google.com 192.0.2.7 mazoom.example photozoom.com webexone.com
modern.us corn.us teamsystem.com steams.example teams.ibm.com
"""


@pytest.mark.parametrize("name", FALSE.split())
def test_imitations(name: str) -> None:
    assert judged(name)


@pytest.mark.parametrize("name", HONEST.split())
def test_look_alikes_that_are_none(name: str) -> None:
    assert not judged(name)


def test_nothing_false_is_left_out_before_it_is_judged() -> None:
    (pattern,) = re.findall(r"regexp_matches\(name, '([^']+)'\)", conference_names._SEEN)
    assert [name for name in FALSE.split() if not re.search(pattern, name)] == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("zoomwebxteams.-_xn01é\0"), max_size=260))
def test_no_name_breaks_the_judgement(name: str) -> None:
    judged(name)
