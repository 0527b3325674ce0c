"""Names of RDP's numbers as Zeek writes them: versions of clients, protocols, failures, encryption, keyboards.

Sources: [MS-RDPBCGR] for the numbers, Microsoft's list of language packs and input locales for the keyboards.
"""

from __future__ import annotations

BUILDS = {
    419: "RDP 4.0",
    2195: "RDP 5.0",
    2221: "RDP 5.0",
    2600: "RDP 5.1",
    3790: "RDP 5.2",
    6000: "RDP 6.0",
    6001: "RDP 6.1",
    6002: "RDP 6.2",
    7600: "RDP 7.0",
    7601: "RDP 7.1",
    9200: "RDP 8.0",
    9600: "RDP 8.1",
    25189: "RDP 8.0 (Mac)",
    25282: "RDP 8.0 (Mac)",
}

PROTOCOLS = {0: "RDP", 1: "SSL", 2: "HYBRID", 4: "RDSTLS", 8: "HYBRID_EX", 16: "RDSAAD"}

FAILURES = {
    1: "SSL_REQUIRED_BY_SERVER",
    2: "SSL_NOT_ALLOWED_BY_SERVER",
    3: "SSL_CERT_NOT_ON_SERVER",
    4: "INCONSISTENT_FLAGS",
    5: "HYBRID_REQUIRED_BY_SERVER",
    6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}

RESULTS = {
    0: "Success",
    1: "User rejected",
    2: "Resources not available",
    3: "Rejected for symmetry breaking",
    4: "Locked conference",
}

CERTIFICATES = {1: "RSA", 2: "X.509"}

METHODS = {0: "None", 1: "40bit", 2: "128bit", 8: "56bit", 16: "FIPS"}

LEVELS = {0: "None", 1: "Low", 2: "Client compatible", 3: "High", 4: "FIPS"}

DEPTHS = {4: "4bit", 8: "8bit", 15: "15bit", 16: "16bit", 24: "24bit"}

#: The older field for colours, in clients that send no newer one.
OLD_DEPTHS = {0xCA00: "4bit", 0xCA01: "8bit", 0xCA02: "15bit", 0xCA03: "16bit", 0xCA04: "24bit"}

_KEYBOARDS = """
0401 Arabic - Saudi Arabia
0801 Arabic - Iraq
0C01 Arabic - Egypt
1001 Arabic - Libya
1401 Arabic - Algeria
1801 Arabic - Morocco
1C01 Arabic - Tunisia
2001 Arabic - Oman
2401 Arabic - Yemen
2801 Arabic - Syria
2C01 Arabic - Jordan
3001 Arabic - Lebanon
3401 Arabic - Kuwait
3801 Arabic - U.A.E.
3C01 Arabic - Bahrain
4001 Arabic - Qatar
0402 Bulgarian
0403 Catalan
0404 Chinese - Taiwan
0804 Chinese - People's Republic of China
0C04 Chinese - Hong Kong SAR
1004 Chinese - Singapore
1404 Chinese - Macao SAR
0405 Czech
0406 Danish
0407 German - Germany
0807 German - Switzerland
0C07 German - Austria
1007 German - Luxembourg
1407 German - Liechtenstein
0408 Greek
0409 English - United States
0809 English - United Kingdom
0C09 English - Australia
1009 English - Canada
1409 English - New Zealand
1809 English - Ireland
1C09 English - South Africa
2009 English - Jamaica
2409 English - Caribbean
2809 English - Belize
2C09 English - Trinidad
3009 English - Zimbabwe
3409 English - Philippines
3809 English - Indonesia
3C09 English - Hong Kong SAR
4009 English - India
4409 English - Malaysia
4809 English - Singapore
040A Spanish - Spain (Traditional Sort)
080A Spanish - Mexico
0C0A Spanish - Spain (Modern Sort)
100A Spanish - Guatemala
140A Spanish - Costa Rica
180A Spanish - Panama
1C0A Spanish - Dominican Republic
200A Spanish - Venezuela
240A Spanish - Colombia
280A Spanish - Peru
2C0A Spanish - Argentina
300A Spanish - Ecuador
340A Spanish - Chile
380A Spanish - Uruguay
3C0A Spanish - Paraguay
400A Spanish - Bolivia
440A Spanish - El Salvador
480A Spanish - Honduras
4C0A Spanish - Nicaragua
500A Spanish - Puerto Rico
540A Spanish - United States
580A Spanish - Latin America
040B Finnish
040C French - France
080C French - Belgium
0C0C French - Canada
100C French - Switzerland
140C French - Luxembourg
180C French - Monaco
200C French - Reunion
240C French - Democratic Rep. of Congo
280C French - Senegal
2C0C French - Cameroon
300C French - Cote d'Ivoire
340C French - Mali
380C French - Morocco
3C0C French - Haiti
E40C French - North Africa
040D Hebrew
040E Hungarian
040F Icelandic
0410 Italian - Italy
0810 Italian - Switzerland
0411 Japanese
0412 Korean
0413 Dutch - Netherlands
0813 Dutch - Belgium
0414 Norwegian (Bokmal)
0814 Norwegian (Nynorsk)
0415 Polish
0416 Portuguese - Brazil
0816 Portuguese - Portugal
0417 Rhaeto-Romanic
0418 Romanian
0818 Romanian - Moldava
0419 Russian
0819 Russian - Moldava
041A Croatian
101A Croatian (Bosnia/Herzegovina)
141A Bosnian (Bosnia/Herzegovina)
081A Serbian (Latin)
0C1A Serbian (Cyrillic)
041B Slovak
041C Albanian - Albania
041D Swedish
081D Swedish - Finland
041E Thai
041F Turkish
0420 Urdu
0820 Urdu - India
0421 Indonesian
0422 Ukrainian
0423 Belarusian
0424 Slovenian
0425 Estonian
0426 Latvian
0427 Lithuanian
0428 Tajik
0429 Farsi
042A Vietnamese
042B Armenian - Armenia
042C Azeri (Latin)
082C Azeri (Cyrillic)
042D Basque
042F FYRO Macedonian
0430 Sutu
0431 Tsonga
0432 Tswana
0433 Venda
0434 Xhosa
0435 Zulu
0436 Afrikaans - South Africa
0437 Georgian
0438 Faroese
0439 Hindi
043A Maltese
043E Malay - Malaysia
083E Malay - Brunei Darussalam
083C Irish
043F Kazakh
0440 Kyrgyz (Cyrillic)
0441 Swahili
0442 Turkmen
0443 Uzbek (Latin)
0843 Uzbek (Cyrillic)
0444 Tatar
0445 Bengali (India)
0845 Bengali (Bangladesh)
0446 Punjabi
0447 Gujarati
0448 Oriya
0449 Tamil
044A Telugu
044B Kannada
044C Malayalam
044D Assamese
044E Marathi
044F Sanskrit
0450 Mongolian (Cyrillic)
0850 Mongolian (Mongolian)
0451 Tibetan - People's Republic of China
0452 Welsh
0453 Khmer
0454 Lao
0455 Burmese
0456 Galician
0457 Konkani
045B Sinhalese - Sri Lanka
045E Amharic - Ethiopia
0461 Nepali
0462 Frisian - Netherlands
0463 Pashto
0464 Filipino
0465 Divehi
0468 Hausa - Nigeria
046A Yoruba
046B Quecha - Bolivia
046D Bashkir
046E Luxembourgish
046F Greenlandic
0470 Igbo - Nigeria
0475 Hawaiian - United States
047A Mapudungun
047C Mohawk
047E Breton
0480 Uighur - China
0481 Maori - New Zealand
0482 Occitan
0483 Corsican
0484 Alsatian
0485 Yakut
0488 Wolof
048C Dari
10405 Czech (QWERTY)
10407 German (IBM)
10409 English - United States (Dvorak)
1041B Slovak (QWERTY)
1080C Belgian (Comma)
11009 Canadian Multilingual Standard
20409 English - United States (International)
30409 English - United States (Dvorak for left hand)
40409 English - United States (Dvorak for right hand)
"""

KEYBOARDS = {int(number, 16): text for number, _, text in (line.partition(" ") for line in _KEYBOARDS.split("\n")[1:-1])}


def keyboard(number: int) -> str:
    """The name of a keyboard layout; that of its language when the layout is an unknown one of a known language."""
    if number in KEYBOARDS:
        return KEYBOARDS[number]
    language = KEYBOARDS.get(number & 0xFFFF)
    return f"{language} (Best Guess for {number})" if language else f"keyboard-{number}"
