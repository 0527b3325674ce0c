"""Signs of what a host is, as queries over the tables of a round: what it offers, asks for, sends and calls itself.

Each query gives rows (address, role, confidence, sign, detail, evidence). A sign is a sentence of :data:`SENTENCES`; hosts
known by name only (Windows) stand in ``address`` by that name.
"""

# Queries are put together from constants of this module.
# ruff: noqa: S608

from __future__ import annotations

_QUERY_RETRIEVE = "starts_with(uid, '1.2.840.10008.5.1.4.1.2.')"
_STORAGE = "starts_with(uid, '1.2.840.10008.5.1.4.1.1.')"
_WORKLIST = "uid = '1.2.840.10008.5.1.4.31'"
_PRINT = "starts_with(uid, '1.2.840.10008.5.1.1.')"

#: Role of a device by the modality of its images (PS3.3 C.7.3.1.1.1) and by the SOP class it proposes (PS3.4 annex B).
_MODALITY_ROLES = """(VALUES ('CT', 'ct'), ('MR', 'mr'), ('CR', 'x_ray'), ('DX', 'x_ray'), ('RF', 'x_ray'), ('XA',
  'angiography'),
    ('MG', 'mammography'), ('US', 'ultrasound'), ('IVUS', 'ultrasound'), ('NM', 'nuclear_medicine'), ('PT',
      'nuclear_medicine'),
    ('IO', 'dental'), ('PX', 'dental'), ('ES', 'endoscopy'), ('RTIMAGE', 'radiotherapy'), ('RTPLAN', 'radiotherapy'),
    ('OP', 'ophthalmology'), ('OPT', 'ophthalmology'), ('SM', 'pathology'), ('ECG',
      'cardiology')) AS known (modality, role)"""
_CLASS_ROLES = """(VALUES ('1.2', 'ct'), ('1.2.1', 'ct'), ('1.4', 'mr'), ('1.4.1', 'mr'), ('1.1', 'x_ray'), ('1.1.1',
  'x_ray'),
    ('1.1.2', 'mammography'), ('1.12.1', 'angiography'), ('1.12.2', 'x_ray'), ('1.6.1', 'ultrasound'), ('1.3.1',
      'ultrasound'),
    ('1.20', 'nuclear_medicine'), ('1.128', 'nuclear_medicine')) AS known (suffix, role)"""

#: What each host offers: the abstract syntaxes it accepted.
_OFFERED = f"""
    SELECT address, bool_or({_QUERY_RETRIEVE}) AS queried, bool_or({_STORAGE}) AS stores, bool_or({_WORKLIST}) AS worklist,
      bool_or({_PRINT}) AS prints, string_agg(DISTINCT title, ', ' ORDER BY title) AS titles,
      pointers('dicom_association', evidence_id, record, ts) AS evidence
    FROM (SELECT "id.resp_h" AS address, trim(called_ae) AS title, unnest(accepted) AS uid, evidence_id, record, ts
          FROM dicom_association WHERE result = 'accepted') GROUP BY address
"""

#: What each host asks others for.
_ASKED = """
    SELECT "id.orig_h" AS address, bool_or(coalesce(query_level, '') = 'WORKLIST') AS worklist,
      bool_or(operation IN ('C-MOVE', 'C-GET') OR (operation = 'C-FIND' AND coalesce(query_level,
        '') <> 'WORKLIST')) AS reads,
      pointers('dicom_operation', evidence_id, record, ts) AS evidence
    FROM dicom_operation WHERE transport = 'dimse' AND coalesce(is_orig, true) GROUP BY ALL
"""

_ARCHIVE = f"""
    SELECT address, CASE WHEN queried THEN 'pacs' WHEN worklist THEN 'ris' WHEN prints THEN 'printer' END AS role,
      CASE WHEN queried AND stores THEN 'high' ELSE 'medium' END AS confidence,
      CASE WHEN queried THEN 'archive' WHEN worklist THEN 'worklist' ELSE 'prints' END AS sign, titles AS detail, evidence
    FROM ({_OFFERED}) WHERE queried OR worklist OR prints
    UNION ALL
    SELECT address, 'ris', 'medium', 'worklist', titles, evidence FROM ({_OFFERED}) WHERE queried AND worklist
    UNION ALL
    SELECT "id.resp_h", 'pacs', 'medium', 'web_archive', string_agg(DISTINCT operation, ', ' ORDER BY operation),
      pointers('dicom_operation', evidence_id, record, ts)
    FROM dicom_operation WHERE transport <> 'dimse' AND status_code BETWEEN 200 AND 299 GROUP BY "id.resp_h"
"""

_DEVICE = f"""
    WITH sent AS (
      SELECT "id.orig_h" AS address, known.role, count(*) AS images,
        string_agg(DISTINCT o.modality, ', ' ORDER BY o.modality) AS modalities,
        pointers('dicom_operation', evidence_id, record, ts) AS evidence
      FROM dicom_operation AS o JOIN {_MODALITY_ROLES} USING (modality)
      WHERE operation = 'C-STORE' AND coalesce(is_orig, true) AND move_originator IS NULL
        AND "id.orig_h" NOT IN (SELECT address FROM ({_OFFERED}) WHERE queried)
      GROUP BY ALL
    )
    SELECT address, role, CASE WHEN images >= 3 OR address IN (SELECT address FROM ({_ASKED})
      WHERE worklist) THEN 'high' ELSE 'medium' END AS confidence,
      'sends' AS sign, modalities AS detail, evidence
    -- what sends images of many kinds is a router or a gateway
    FROM sent QUALIFY count(*) OVER (PARTITION BY address) <= 2
    UNION ALL
    SELECT address, role, 'low', 'proposes', string_agg(DISTINCT title, ', ' ORDER BY title),
      pointers('dicom_association', evidence_id, record, ts)
    FROM (SELECT "id.orig_h" AS address, trim(calling_ae) AS title, unnest(proposed) AS uid, len(proposed) AS size,
      evidence_id, record, ts FROM dicom_association)
    JOIN {_CLASS_ROLES} ON uid = '1.2.840.10008.5.1.4.1.' || suffix
    WHERE size <= 12 AND address NOT IN (SELECT address FROM sent) AND address NOT IN (SELECT address
      FROM ({_OFFERED}) WHERE queried)
    GROUP BY address, role QUALIFY count(*) OVER (PARTITION BY address) = 1
    UNION ALL
    SELECT address, 'modality', 'medium', 'asks_worklist', '', evidence FROM ({_ASKED}) WHERE worklist
      AND address NOT IN (SELECT address FROM sent)
"""

_WORKSTATION = f"""
    SELECT a.address, 'workstation' AS role, CASE WHEN coalesce(o.stores,
      false) THEN 'high' ELSE 'medium' END AS confidence, 'reads' AS sign,
      coalesce(o.titles, '') AS detail, a.evidence
    FROM ({_ASKED}) AS a LEFT JOIN ({_OFFERED}) AS o USING (address)
    WHERE a.reads AND NOT a.worklist AND NOT coalesce(o.queried, false)
"""

#: Messages by who sends and who receives them; the answer of a connection goes the other way.
_MESSAGES = """
    SELECT *, CASE WHEN coalesce(is_orig, true) THEN "id.orig_h" ELSE "id.resp_h" END AS sender,
      CASE WHEN coalesce(is_orig, true) THEN "id.resp_h" ELSE "id.orig_h" END AS receiver
    FROM hl7_message WHERE message_type <> 'ACK'
"""
_PLACED = """CASE WHEN regexp_matches(upper(application), '(^|[^A-Z])RIS([^A-Z]|$)|RADIO') THEN 'ris'
      WHEN regexp_matches(upper(application), 'PACS') THEN 'pacs'
      WHEN regexp_matches(upper(application), '(^|[^A-Z])(HIS|SIH|DPI|EMR|EHR|ADT|GAM)([^A-Z]|$)') THEN 'his'
      WHEN regexp_matches(upper(application), '(^|[^A-Z])(LAB|LIS|SIL|SGL)') THEN 'laboratory'
      WHEN regexp_matches(upper(application),
        'MIRTH|CLOVERLEAF|RHAPSODY|ENSEMBLE|ENGINE|(^|[^A-Z])EAI([^A-Z]|$)') THEN 'interface_engine' END"""

_MESSAGING = f"""
    WITH message AS ({_MESSAGES}), said AS (
      SELECT sender AS address, sending_application AS application, pointers('hl7_message', evidence_id, record, ts) AS evidence
      FROM message GROUP BY ALL
      UNION ALL
      SELECT receiver, receiving_application, pointers('hl7_message', evidence_id, record, ts)
      FROM message GROUP BY receiver, receiving_application
    ), named AS (
      SELECT address, {_PLACED} AS role, trim(application) AS application, evidence FROM said
    ), partner AS (
      SELECT address, count(DISTINCT CASE WHEN sends THEN other END) AS receivers,
        count(DISTINCT CASE WHEN NOT sends THEN other END) AS senders, evidence
      FROM (SELECT sender AS address, receiver AS other, true AS sends FROM message UNION ALL SELECT receiver,
        sender, false FROM message) JOIN (
        SELECT sender AS address, pointers('hl7_message', evidence_id, record, ts) AS evidence FROM message
          GROUP BY sender) USING (address)
      GROUP BY address, evidence
    )
    SELECT address, role, 'medium' AS confidence, 'application' AS sign,
      string_agg(DISTINCT application, ', ' ORDER BY application) AS detail, flatten(list(evidence))[:10] AS evidence
    FROM named WHERE role IS NOT NULL GROUP BY address, role
    UNION ALL
    SELECT sender, 'his', 'medium', 'admits', '', pointers('hl7_message', evidence_id, record, ts) FROM message
      WHERE message_type = 'ADT' GROUP BY sender
    UNION ALL
    SELECT receiver, 'ris', 'low', 'orders', '', pointers('hl7_message', evidence_id, record, ts)
    FROM message WHERE message_type IN ('ORM', 'OMI', 'OMG') GROUP BY receiver
    UNION ALL
    SELECT address, 'interface_engine', 'medium', 'relays', receivers || ' / ' || senders, evidence
      FROM partner WHERE receivers >= 2 AND senders >= 2
"""

_SERVERS = """
    SELECT "id.resp_h" AS address, 'domain_controller' AS role, 'high' AS confidence, 'tickets' AS sign, '' AS detail,
      pointers('kerberos', evidence_id, record, ts) AS evidence
    FROM kerberos WHERE success GROUP BY "id.resp_h"
    UNION ALL
    SELECT Computer, 'domain_controller', 'high', 'tickets', '', pointers('windows_event', evidence_id, record, ts)
    FROM windows_event WHERE Channel = 'Security' AND EventID IN (4768, 4769) AND Computer IS NOT NULL GROUP BY Computer
    UNION ALL
    SELECT server_addr, 'dhcp_server', 'high', 'leases', '', pointers('dhcp', evidence_id, record, ts)
    FROM dhcp WHERE server_addr IS NOT NULL AND assigned_addr IS NOT NULL GROUP BY server_addr
    UNION ALL
    SELECT "id.resp_h", 'resolver', 'medium', 'names', '', pointers('dns', evidence_id, record, ts)
    FROM dns WHERE rcode_name = 'NOERROR' AND len(answers) > 0 AND "id.resp_p" = 53
      GROUP BY "id.resp_h" HAVING count(DISTINCT "id.orig_h") >= 3
    UNION ALL
    SELECT "id.resp_h", 'file_server', 'medium', 'shares',
      string_agg(DISTINCT regexp_extract(path, '[^\\\\]+$'), ', '), pointers('smb_mapping', evidence_id, record, ts)
    FROM smb_mapping WHERE share_type = 'DISK' AND NOT regexp_matches(path,
      '(?i)\\\\(IPC|ADMIN|[A-Z])\\$$|\\\\(SYSVOL|NETLOGON)$')
    GROUP BY "id.resp_h" HAVING count(DISTINCT "id.orig_h") >= 2
    UNION ALL
    SELECT device, 'vpn_gateway', 'high', 'tunnels', '', pointers('vpn_session', evidence_id, record, ts)
    FROM vpn_session WHERE device IS NOT NULL GROUP BY device
"""

#: Every query of signs.
SIGNS = (_ARCHIVE, _DEVICE, _WORKSTATION, _MESSAGING, _SERVERS)

#: Names that hosts give themselves, the most trustworthy kind first: (address, name, place).
NAMES = """
    SELECT address, arg_min(name, (place, -times, name)) AS name FROM (
      SELECT address, name, place, count(*) AS times FROM (
        SELECT "id.resp_h" AS address, coalesce(present(server_nb_computer_name),
          present(server_dns_computer_name)) AS name, 1 AS place FROM ntlm
        UNION ALL SELECT assigned_addr, present(host_name), 2 FROM dhcp WHERE assigned_addr IS NOT NULL
        UNION ALL SELECT unnest(answers), rtrim(query, '.'), 3 FROM dns WHERE qtype_name IN ('A', 'AAAA')
        UNION ALL SELECT "id.resp_h", present(server_name), 4 FROM ssl
      ) WHERE address IS NOT NULL AND name IS NOT NULL GROUP BY ALL
    ) GROUP BY address
"""

#: What programs and devices say of themselves, per address: maker, model, software, implementation.
DETAILS = """
    WITH heard AS (
      SELECT DISTINCT "id.orig_h" AS address, upper(trim(calling_ae)) AS title FROM dicom_association
        WHERE result = 'accepted' AND present(calling_ae) IS NOT NULL
    ), spoken AS (
      SELECT "id.orig_h" AS address, calling_implementation AS uid, calling_version AS version
        FROM dicom_association WHERE calling_implementation IS NOT NULL
      UNION ALL SELECT "id.resp_h", called_implementation, called_version FROM dicom_association
        WHERE called_implementation IS NOT NULL
    )
    SELECT address, 'implementation' AS name, arg_max(uid || ' ' || coalesce(version, ''), times) AS value
    FROM (SELECT address, uid, version, count(*) AS times FROM spoken GROUP BY ALL) GROUP BY address
    UNION ALL
    SELECT address, 'device', arg_max(device, times) FROM (
      SELECT address, concat_ws(' ', manufacturer, model, software) AS device, count(*) AS times
      FROM dicom_file JOIN heard ON upper(trim(source_ae)) = title
        WHERE manufacturer IS NOT NULL OR model IS NOT NULL GROUP BY ALL
    ) GROUP BY address
"""

#: Why a host has a role, per sign and language.
SENTENCES: dict[str, dict[str, str]] = {
    "archive": {
        "en": "answers searches and retrievals of images as {detail}",
        "fr": "répond aux recherches et récupérations d’images sous le nom {detail}",
    },
    "worklist": {"en": "gives worklists as {detail}", "fr": "donne les listes de travail sous le nom {detail}"},
    "prints": {"en": "takes films to print as {detail}", "fr": "accepte des films à imprimer sous le nom {detail}"},
    "web_archive": {"en": "gives images by web requests ({detail})", "fr": "donne des images par requêtes web ({detail})"},
    "sends": {"en": "sends images of its own ({detail})", "fr": "envoie ses propres images ({detail})"},
    "proposes": {
        "en": "proposes images of one kind as {detail}",
        "fr": "propose des images d’un seul type sous le nom {detail}",
    },
    "asks_worklist": {"en": "asks for a worklist", "fr": "demande une liste de travail"},
    "reads": {"en": "searches and fetches images", "fr": "cherche et récupère des images"},
    "application": {"en": "is called {detail} in messages", "fr": "s’appelle {detail} dans les messages"},
    "admits": {"en": "announces admissions", "fr": "annonce les admissions"},
    "orders": {"en": "receives orders", "fr": "reçoit les demandes d’examen"},
    "relays": {
        "en": "passes messages on between many (receivers / senders: {detail})",
        "fr": "relaie des messages entre plusieurs (destinataires / expéditeurs\u00a0: {detail})",
    },
    "tickets": {"en": "issues Kerberos tickets", "fr": "délivre des tickets Kerberos"},
    "leases": {"en": "gives out addresses", "fr": "attribue les adresses"},
    "names": {"en": "resolves names for several hosts", "fr": "résout les noms pour plusieurs postes"},
    "shares": {"en": "shares folders ({detail})", "fr": "partage des dossiers ({detail})"},
    "tunnels": {"en": "reports VPN sessions", "fr": "rapporte des sessions VPN"},
}
