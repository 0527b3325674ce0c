"""Products of which only logons, refusals or connections matter here, and those whose lines are left out on purpose."""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

_IP = r"(?P<source>[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+)"
_PROXIED = r"\[(?:[^\],]+, )*" + _IP + r", [^\],]+\]"
_GUACAMOLE = {"service": "guacamole"}

_KINDS = (
    # Gateways that show desktops in a browser, telephony, mail, storage: who logs on from where.
    # Behind a proxy the address that it saw stands last but one, and the proxy's own last; whoever asks may write others before them.
    Kind("guacamole", "logon", r"AuthenticationService - Authentication attempt from " + _PROXIED + r" for user \"(?P<user>[^\"]*)\" failed", _GUACAMOLE | {"action": "login_failed"}),
    Kind("guacamole", "logon", r"AuthenticationService - Authentication attempt from \[?" + _IP + r"\]? for user \"(?P<user>[^\"]*)\" failed", _GUACAMOLE | {"action": "login_failed"}),
    Kind("guacamole", "logon", r"AuthenticationService - User \"(?P<user>[^\"]*)\" successfully authenticated from " + _PROXIED, _GUACAMOLE | {"action": "login"}),
    Kind("guacamole", "logon", r"AuthenticationService - User \"(?P<user>[^\"]*)\" successfully authenticated from \[?" + _IP, _GUACAMOLE | {"action": "login"}),
    Kind("guacamole", None, r"\bo(?:rg)?\.a(?:pache)?\.g(?:uacamole)?\.[\w.]+ - |^guacd\b"),
    Kind("asterisk", "logon", r"SecurityEvent=\"(?P<reason>ChallengeResponseFailed|InvalidAccountID|InvalidPassword|FailedACL)\".*?AccountID=\"(?P<user>[^\"]*)\".*?RemoteAddress=\"IPV[46]/\w+/(?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+)\"", {"service": "sip", "action": "login_failed"}),
    Kind("asterisk", "logon", r"SecurityEvent=\"SuccessfulAuth\".*?AccountID=\"(?P<user>[^\"]*)\".*?RemoteAddress=\"IPV[46]/\w+/(?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+)\"", {"service": "sip", "action": "login"}),
    Kind("asterisk", None, r"SecurityEvent="),
    Kind("exchange", "logon", r"^,?[0-9A-Fa-f]{16},\d+,[^,]*,\[?(?P<source>[0-9A-Fa-f.:]+?)\]?:(?P<source_port>\d+),(?P<user>[^,]*),\d*,\d*,\d*,(?P<service>\w+),.*(?:LogonDenied|AuthFailed|LogonFailed)", {"action": "login_failed"}),
    Kind("exchange", None, r"^,?[0-9A-Fa-f]{16},\d+,"),
    Kind("smtp", "logon", r"\[(?P<source>[0-9A-Fa-f.:]+)\]: SASL (?P<authentication>\S+) authentication failed", {"service": "smtp", "action": "login_failed"}),
    Kind("infoblox", "logon", r"\[(?P<user>[^\]]*)\]: Login_(?P<action>Allowed|Denied) .*?\bip=(?P<source>[0-9A-Fa-f.:]+)", {"privilege": "admin"}, {"action": {"allowed": "login", "denied": "login_failed"}}),
    Kind("infoblox", "device_event", r"^(?:\S+ )?\S+Z \[(?P<user>[^\]]*)\]: (?P<message>.*)", {"category": "config"}),
    Kind("vmware", "logon", r"SSH login has failed for '(?P<user>[^'@]*)@(?P<source>[^']*)'", {"service": "ssh", "action": "login_failed"}),
    Kind("raritan", "logon", r"^\[Login Failed\]: Authentication failed for user '(?P<user>[^']*)' from host '(?P<source>[^']*)'", {"action": "login_failed"}),
    Kind("vmware", "logon", r"(?:User|Event \d+ : User) (?P<user>[^\s@]+)@(?P<source>[0-9A-Fa-f.:]+) (?P<action>logged in|logged out)", {"service": "vsphere"}, {"action": {"logged in": "login", "logged out": "logout"}}),
    Kind("vmware", "logon", r"Cannot login (?P<user>[^\s@]+)@(?P<source>[0-9A-Fa-f.:]+)", {"service": "vsphere", "action": "login_failed"}),
    Kind("vmware", "logon", r"(?P<action>SSH session was (?:opened|closed)) for '(?P<user>[^'@]*)@(?P<source>[^']*)'", {"service": "ssh"}, {"action": {"ssh session was opened": "login", "ssh session was closed": "logout"}}),
    Kind("procurve", "logon", r"mgr: +SME (?P<service>SSH|TELNET|WEB|CONSOLE) from " + _IP + r" - (?P<privilege>\w+) Mode", {"action": "login"}),
    # Firewalls beyond those with modules of their own.
    Kind("meraki flows", "firewall_event", r"^(?:\S+ )?(?:flows|firewall|ip_flow_start|vpn_firewall) src=(?P<source>[0-9A-Fa-f.:]+) dst=(?P<destination>[0-9A-Fa-f.:]+)(?: mac=\S+)? protocol=(?P<proto>\S+)(?: sport=(?P<source_port>\d+))?(?: dport=(?P<destination_port>\d+))?.*? pattern: (?P<action>allow|deny)\b *(?P<policy>.*)", {"vendor": "meraki"}, {"action": {"deny": "deny", "allow": "accept"}}),
    Kind("meraki flows", "firewall_event", r"^(?:\S+ )?(?:flows|firewall|ip_flow_start|vpn_firewall) (?P<action>allow|deny|\d )?\s*src=(?P<source>[0-9A-Fa-f.:]+) dst=(?P<destination>[0-9A-Fa-f.:]+)(?: mac=\S+)? protocol=(?P<proto>\S+)(?: sport=(?P<source_port>\d+))?(?: dport=(?P<destination_port>\d+))?(?: pattern: (?P<policy>.*))?", {"vendor": "meraki"}, {"action": {"deny": "deny", "*": "accept"}}),
    Kind("meraki alerts", "firewall_event", r"^(?:\S+ )?(?:ids-alerts|security_event \S+) signature=\S+ .*?protocol=(?P<proto>[a-z]+)\S* src=(?P<source>[0-9A-Fa-f.:]+?)(?::(?P<source_port>\d+))?(?: dst=(?P<destination>[0-9A-Fa-f.:]+?)(?::(?P<destination_port>\d+))?)?\s.*?message: (?P<threat>.*)", {"action": "alert", "vendor": "meraki"}),
    Kind("meraki alerts", "firewall_event", r"^(?:\S+ )?(?:ids-alerts|security_event \S+) signature=(?P<threat>\S+) .*?protocol=(?P<proto>[a-z]+)\S* src=(?P<source>[0-9A-Fa-f.:]+?)(?::(?P<source_port>\d+))?(?: dst=(?P<destination>[0-9A-Fa-f.:]+?)(?::(?P<destination_port>\d+))?)?(?:\s|$)", {"action": "alert", "vendor": "meraki"}),
    Kind("meraki client VPN", "vpn_session", r"^(?:\S+ )?events (?:Client VPN: )?(?:client|anyconnect)_vpn_(?P<action>connect|disconnect) user id '(?P<user>[^']*)' local ip (?P<assigned_address>[0-9A-Fa-f.:]+) (?:re)?connected from (?P<source>[0-9A-Fa-f.:]+)", {"vendor": "meraki"}, {"action": {"connect": "tunnel_up", "disconnect": "tunnel_down"}}),
    Kind("meraki client VPN", "vpn_session", r"^(?:\S+ )?events type=anyconnect_vpn_session_manager msg= ?'(?:Sess-ID\[(?P<session>\d+)\] )?Peer IP=(?P<source>[0-9A-Fa-f.:]+) User\[(?P<user>[^\]]*)\][^:]*: Session disconnected\. Session Type: (?P<tunnel>[^,]*), Duration: (?P<duration>[^,]*), Bytes xmt: (?P<bytes_out>\d+), Bytes rcv: (?P<bytes_in>\d+), Reason: (?P<reason>[^']*)", {"action": "tunnel_down", "vendor": "meraki"}, {"tunnel": {"ssl": "ssl", "*": "*"}}),
    Kind("meraki client VPN", "vpn_session", r"^(?:\S+ )?events type=anyconnect_vpn_auth_success msg= ?'.*?Peer IP=(?P<source>[0-9A-Fa-f.:]+) (?:Peer port=\d+ )?User(?:=|\[)(?P<user>[^:\]']*)", {"action": "authenticated", "tunnel": "ssl", "vendor": "meraki"}),
    Kind("meraki client VPN", "vpn_session", r"^(?:\S+ )?events type=anyconnect_vpn_auth_fail\w* msg= ?'.*?Peer IP=(?P<source>[0-9A-Fa-f.:]+) (?:Peer port=\d+ )?User(?:=|\[)(?P<user>[^:\]']*)\]?:? *(?P<reason>[^']*)", {"action": "login_failed", "tunnel": "ssl", "vendor": "meraki"}),
    Kind("meraki VPN", "vpn_session", r"^(?:\S+ )?events [^:<]*VPN[^:<]*: <(?P<realm>[^|>]*)\|\d+> IKE_SA \S+ established between \S+?\[[^\]]*\]\.\.\.(?P<source>[0-9A-Fa-f.:]+?)\[", {"action": "negotiation", "outcome": "success", "tunnel": "ipsec", "vendor": "meraki"}),
    Kind("meraki 802.1X", "logon", r"^(?:\S+ )?events type=8021x_eap_(?P<action>success|failure) .*?\bidentity='(?P<user>[^']*)'", {"service": "802.1x", "vendor": "meraki"}, {"action": {"success": "login", "failure": "login_failed"}}),
    Kind("meraki urls", "http", r"^(?:\S+ )?urls src=(?P<client>[0-9A-Fa-f.:]+?):(?P<port>\d+) dst=(?P<server>[0-9A-Fa-f.:]+?):(?P<server_port>\d+) .*?request: (?P<method>[A-Z]+) (?P<uri>\S+)"),
    Kind("meraki", "device_event", r"^(?:\S+ )?(?:events|airmarshal_events|urls) (?P<message>.*)", {"category": "system", "vendor": "meraki"}),
    Kind("watchguard", "vpn_session", r"WatchGuard\|.*msg=(?:Authentication of )?(?:SSLVPN|IPSec|Mobile VPN\S*|\S+ VPN) user \[(?P<user>[^\]]*)\] from " + _IP + r" was rejected, ?(?P<reason>.*)", {"action": "login_failed", "vendor": "watchguard"}),
    Kind("watchguard", "vpn_session", r"WatchGuard\|.*msg=.*?(?:SSLVPN|SSL VPN|IPSec|Mobile VPN).*?user \[?(?P<user>[^\s\]]+)\]?(?: from " + _IP + r")?.*?(?P<action>logged in|accepted|logged out|connected)(?: assigned virtual IP is (?P<assigned_address>[0-9A-Fa-f.:]+))?", {"vendor": "watchguard"}, {"action": {"logged out": "logout", "*": "login"}}),
    Kind("watchguard", "logon", r"WatchGuard\|.*msg=(?P<service>\w+) User (?:<missing user name>|(?P<user>\S+?))(?:@\S+)? from " + _IP + r" log ?in attempt was rejected ?-? ?(?P<reason>.*)", {"action": "login_failed", "privilege": "admin", "vendor": "watchguard"}),
    Kind("watchguard", "firewall_event", r"WatchGuard\|[^|]*\|[^|]*\|(?P<message_id>[^|]*)\|.*?policy=(?P<policy>[^\t]*?)\s+disp=(?P<action>\w+)\s+in_if=(?P<source_zone>[^\t]*?)\s+out_if=(?P<destination_zone>[^\t]*?)\s.*?\bsrc=(?P<source>[0-9A-Fa-f.:]+)\s+srcPort=(?P<source_port>\d+).*?\bdst=(?P<destination>[0-9A-Fa-f.:]+)\s+dstPort=(?P<destination_port>\d+)(?:.*?proto=(?P<proto>\w+))?(?:.*?sent_bytes=(?P<bytes_out>\d+)\s+rcvd_bytes=(?P<bytes_in>\d+))?", {"vendor": "watchguard"}, {"action": {"allow": "accept", "deny": "deny", "*": "alert"}}),
    Kind("watchguard", "device_event", r"WatchGuard\|[^|]*\|[^|]*\|(?P<message_id>[^|]*)\|.*?msg=(?P<message>.*)", {"category": "system", "vendor": "watchguard"}),
    Kind("watchguard", None, r"WatchGuard\|"),
    Kind("clavister", "vpn_session", r"event=(?P<message_id>oneconnect_session_\w+|ssl\w*vpn\w*|user_\w+|radius_auth_\w+|ldap_\w+) .*?username=(?P<user>\S+).*?(?:srcip|ipaddr|connsrcip)=(?P<source>[0-9A-Fa-f.:]+)", {"action": "message", "vendor": "clavister"}),
    Kind("clavister", "firewall_event", r"event=(?P<message_id>\w+)(?: action=(?P<action>\w+))? .*?connsrcip=(?P<source>[0-9A-Fa-f.:]+) conndestip=(?P<destination>[0-9A-Fa-f.:]+) .*?connipproto=(?P<proto>\w+) connsrcport=(?P<source_port>\d+) conndestport=(?P<destination_port>\d+)", {"vendor": "clavister"}, {"action": {"allow": "accept", "close": "close", "drop": "drop", "reject": "deny", "": "accept", "*": "alert"}}),
    Kind("clavister", "device_event", r"^id=\d+ event=(?P<object>\w+) .*?message=(?P<message>[^\]]*)", {"category": "system", "vendor": "clavister"}),
    Kind("clavister", None, r"^id=\d{5,8} event="),
    Kind("f5 APM", "vpn_session", r"(?:01490010:5: )?(?P<realm>/\S+?):(?P<session>\w+): Username '(?P<user>[^']*)'", {"action": "message", "vendor": "f5"}),
    Kind("f5 APM", "vpn_session", r"01490500:5: (?P<realm>\S+?):(?P<session>\w+): New session from client IP (?P<source>[0-9A-Fa-f.:]+)", {"action": "connection", "vendor": "f5"}),
    Kind("f5 APM", "vpn_session", r"(?P<realm>/\S+?):(?P<session>\w{8}): (?P<reason>(?:AD|LDAP|RADIUS) (?:module|agent): authenticate with '(?P<user>[^'@]*)(?:@[^']*)?' (?P<action>fail\w*|success\w*).*)", {"vendor": "f5"}, {"action": {"failed": "login_failed", "fail": "login_failed", "*": "authenticated"}}),
    Kind("f5 APM", "vpn_session", r"(?P<realm>/\S+?):(?P<session>\w{8}): (?P<reason>(?:AD|LDAP|RADIUS|OTP|SAML)\b.*?(?P<action>fail\w*|success\w*).*)", {"vendor": "f5"}, {"action": {"failed": "login_failed", "fail": "login_failed", "failure": "login_failed", "*": "authenticated"}}),
    Kind("f5 APM", "vpn_session", r"(?P<realm>/\S+?):(?P<session>\w{8}): Assigned PPP Dynamic IPv[46]: (?P<assigned_address>[0-9A-Fa-f.:]+).*?(?:Client IP: (?P<source>[0-9A-Fa-f.:]+))?\s*$", {"action": "tunnel_up", "vendor": "f5"}),
    Kind("f5 APM", "vpn_session", r"(?P<realm>/\S+?):(?P<session>\w{8}): Following rule '[^']*' from item '(?P<reason>[^']*)' to ending '(?i:den)[^']*'", {"action": "login_failed", "vendor": "f5"}),
    Kind("f5 APM", "vpn_session", r"(?P<realm>/\S+?):(?P<session>\w{8}): Session deleted due to (?P<reason>.*)", {"action": "logout", "vendor": "f5"}),
    Kind("f5", "logon", r"\bUser=(?P<user>\S+) tty=(?P<service>\S+) host=(?P<source>\S+) failed to login after \d+ attempts", {"action": "login_failed", "privilege": "admin", "vendor": "f5"}),
    Kind("f5", "logon", r"pam_\w+(?:\([^)]*\))?: (?:authenticated )?user (?P<user>\S+) with role", {"action": "login", "privilege": "admin", "vendor": "f5"}),
    Kind("f5", "logon", r"user=(?P<user>[^\s(]+)\([^)]*\) partition=.*? tty=(?P<service>\S+) host=(?P<source>\S+) attempts=\d+ start=\"[^\"]*\"(?: end=\"[^\"]*\")?", {"action": "login", "privilege": "admin", "vendor": "f5"}),
    Kind("f5", None, r"GSSAPI client step|\b01[0-9a-f]{6}:\d: |\bf5_(?:asm|irule)=|^(?:tmm\d*|apmd|mcpd|logger|perl|httpd|ASM|syslog-ng|audit_forwarder|info|notice|warning|err|debug)\b.*(?:/Common|F5|BIG-IP|tmm|audit|ssl_req|SECEV|syslog-ng)|F5@\d+|Rule /Common/|HTTP_REQUEST|ssl_(?:acc|req)\]|^\[F5"),
    Kind("vpn concentrator", "vpn_session", r"SEV=\d AUTH/\d+ RPT=\d+ (?P<source>[0-9.]+) +Authentication (?P<action>successful|rejected|failed)\S*.*?(?:user|User) ?[=\[]+ ?(?P<user>[^,\]\s]+)", {"vendor": "cisco"}, {"action": {"successful": "authenticated", "*": "login_failed"}}),
    Kind("vpn concentrator", None, r"SEV=\d{1,2} \w+/\d+ RPT=\d+"),
    Kind("QNAP", "logon", r"conn log: Users?: (?P<user>.*?), Source IP: (?P<source>[0-9A-Fa-f.:]+), Computer name: .*?, Connection type: (?P<service>[^,]*), .*?Action: (?P<action>Login Fail|Login OK|Logout)", {"vendor": "qnap"}, {"action": {"login ok": "login", "logout": "logout", "*": "login_failed"}}),
    Kind("QNAP", None, r"\b(?:conn|event) log: Users?: "),
    Kind("huawei", "vpn_session", r"%%\d+SSLVPN/\d/(?P<message_id>USERLOGIN|LOGIN\w*)\(l\)(?:\[\d+\])?:.*?(?P<action>succeed\w*|fail\w*).*?User Name ?= ?(?P<user>[^,)]+), (?:Source|Login|Remote) ?IP ?= ?(?P<source>[0-9A-Fa-f.:]+)(?:, (?:VPN|Virtual) ?IP ?= ?(?P<assigned_address>[0-9A-Fa-f.:]+))?", {"vendor": "huawei"}, {"action": {"succeeded": "login", "succeed": "login", "*": "login_failed"}}),
    Kind("huawei", "firewall_event", r"%%\d+SEC/\d/(?P<message_id>\w+)\(l\)(?:\[\d+\])?:.*?(?P<action>permit|deny)\w*,.*?proto(?:col)? ?= ?(?P<proto>\w+),.*?source[- ]?IP ?= ?(?P<source>[0-9A-Fa-f.:]+?)[, ]+(?:source-)?port ?= ?(?P<source_port>\d+),.*?dest\w*[- ]?IP ?= ?(?P<destination>[0-9A-Fa-f.:]+?)[, ]+(?:destination-)?port ?= ?(?P<destination_port>\d+)", {"vendor": "huawei"}, {"action": {"permit": "accept", "*": "deny"}}),
    Kind("SYNOLOGY", "logon", r"User \[(?P<user>[^\]]*)\] from \[(?P<source>[^\]]*)\] (?P<action>failed to (?:log|sign) in|logged in|signed in)", {"service": "dsm"}, {"action": {"logged in": "login", "signed in": "login", "*": "login_failed"}}),
    Kind("snort", "firewall_event", r"^\[(?P<message_id>\d+:\d+:\d+)\] (?P<threat>.*?)(?: \[Classification: [^\]]*\])?(?: \[Priority: \d+\])?:? \{(?P<proto>\w+)\} (?P<source>[0-9.]+|[0-9A-Fa-f:.]+?)(?::(?P<source_port>\d+))? -> (?P<destination>[0-9.]+|[0-9A-Fa-f:.]+?)(?::(?P<destination_port>\d+))?$", {"action": "alert", "vendor": "snort"}),
    # Left out on purpose.
    Kind("connections (HAProxy)", None, r"^\S+:\d+ \[\d\d/[A-Z][a-z]{2}/\d{4}:[^\]]*\] \S+ \S+ -?\d+/-?\d+/\+?-?\d+ \+?\d+ \S\S |^Connect from \S+:\d+ to \S+:\d+ \("),
    Kind("names (BIND, Infoblox)", None, r"\.dtq: |transfer of '|qname minimization|(?:lame server|unreachable|refused|timed out) resolving|\[\d+\] <\w+> --|^rpz|\bclient (?:@0x[0-9a-f]+ )?[0-9A-Fa-f.:]+#\d+|^(?:transfer of|zone |queries: |security: |query-errors|resolver: |validating |error \(|received notify|lame-servers)|(?:AXFR|IXFR)"),
    Kind("addresses (DHCP)", None, r"Abandoning IP address|\bDHCP(?:ACK|REQUEST|DISCOVER|OFFER|INFORM|NAK|RELEASE|EXPIRE|DECLINE)|uid lease|^r-l-e:|dhcpd: "),
    Kind("mail (Postfix, SpamAssassin)", None, r"^[0-9A-Fa-f]{8,14}: |\bdsn=\d|\bstatus=(?:sent|deferred|bounced)|\bnrcpt=|\bclient-ip=|envelope-from=|\bproto=E?SMTP|\bsaid: [245]\d\d |^Used TLS for |^max connection count|^uid=\d+ from=<|^(?:read TCP map|new_dns_packet)|/32\]$|does not resolve to address|\bheader From: |^connect to \S+\[|^(?:(?:dis)?connect from |lost connection after|timeout after|warning: hostname|prepend |statistics: |spamd: |(?:Untrusted|Trusted|Anonymous|Verified) TLS|setting up TLS|SSL_accept|NOQUEUE|improper command|too many errors|Received-SPF|rprt s=|(?:client|action)=(?:\S+\[|greylist|pass|dunno|prepend)|whitelisted|greylist|warning: )|\bmessage-id=<|policyd-spf|postscreen"),
    Kind("alerts as JSON (Suricata)", None, r"^\{.*\"event_type\":"),
    Kind("other JSON", None, r"^\{\s*\"|: \{\s*\"\w+\":"),
    Kind("Windows events as XML", None, r"^<Event xmlns="),
    Kind("vmware internals", None, r"get_serial_num|Unlocked esx|Could not get state for NFS|broker|Originator@\d+|vim\.event|vmkernel|^(?:verbose|info|warning|error) \w+\[|hostd-probe|fdm\[|cmmdsTime|ucs-tool|USBArb|vsan|Vpxa|NSX|nsx@|View@|hostd|vobd|\bESXi\b|^ ?Event \[|USER \w+ pid|cpu\d+:\d+\)|talReadBytes"),
    Kind("cisco ISE", None, r"endpoint\(s\) purged|EAP Connection Timeout|^Configuration Changed: Admin=|Dynamic Authorization Failed|MnT purge"),
    Kind("cisco processes", None, r"^NTP Core \(\w+\): |^Task ran for \d+ msec|^Tunnel group search using certificate"),
    Kind("aruba", None, r"(?:All Audits|CPPM|Session Log|Common\.|RADIUS\.|Endpoint|Insight|ClearPass)"),
    Kind("application delivery (Ubika)", None, r"logAlertUid|accessLogUid"),
    Kind("telephony (Cisco, Avaya, Polycom)", None, r"UTCTime=\"|com\.avaya|com\.polycom|Jserver|tvcs"),
    Kind("netmotion", None, r"nm_\w+@\d+"),
    Kind("access points (UniFi)", None, r"^(?:[0-9a-f]{12},[\w.+-]+:? )?(?:hostapd|stahtd|mcad|syswrapper|wevent|libubnt|ubnt\w*|ubios-[\w-]+|utermd|switchdrvr)(?:\[\d+\])?: "),
    Kind("switches and access points", None, r"^(?:switch: |DOT1S|Logread|SNMP|RMON|%%\d+\w+/|\(Stack\)|\d{5} \w+: )|logread\[|AAAType=|EVENT <UpDown>|ifIndex"),
    Kind("repeated", None, r"(?:last )?message repeated \d+ times"),
    Kind("timers and boot", None, r"^\(\w+\) (?:CMD|MAIL|RELOAD)|^Cleanup child|^Starting child|^ ?SCSI|^syslogd \d|^User group = |sending the TERM|^mount -o |^Type: \w+, State: |Threat protection rule"),
)  # fmt: skip

#: Groups of patterns cannot hold the dots of the columns of table ``http``.
_COLUMNS = {"client": "id.orig_h", "port": "id.orig_p", "server": "id.resp_h", "server_port": "id.resp_p"}


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of these products; count what is left out on purpose; returns what nobody knows."""
    return apply(_KINDS, "other", messages, output, _COLUMNS)
