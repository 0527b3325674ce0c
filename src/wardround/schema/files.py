"""Tables of what stands on shares and backups, and of what backup programs and protection say."""

from __future__ import annotations

from wardround.schema import table

FILE_SAMPLE = table(
    "file_sample",
    "One row per file of a share or mounted backup (examine --share), or of a listing of files. ts is its modification time; "
    "record is its inode (find SHARE -inum N), or the line of the listing. Words of names not of a known list are tokens.",
    """
share       text   The share, as given, or the listing
folder      text   Folder below the share; unknown words are tokens
name        text   Name without unknown words
shape       label  Shape of the name without its appended ending: letters a, digits 0, mixtures x and their length
extension   label  Ending that tells the kind of file (pdf, dcm, docx …), in lower case; unset when none is known
appended    text   Ending that stands behind a known one, in lower case (dcm.locked has locked)
ending      text   Last ending, in lower case; a token when it is not of a known list and stands alone
promised    label  What the ending promises: dicom, pdf, office, image, text, archive, database, disk …
size        count  Size in bytes
changed     time   When the system last changed what it keeps about the file (ctime)
examined    flag   Whether the first block was read; of large folders only a part is (table share_folder), of listings none
magic       label  What the first block is by its bytes: dicom, pdf, zip, jpeg, text, zero, empty, unknown …
entropy     real   Shannon entropy of the first 4,096 bytes, bits per byte
chi_square  real   Pearson's chi-square of these bytes against equal frequencies (255 degrees of freedom; random: 200 to 320)
state       label  fits, lost (the promised kind is gone and the block looks random), other (another kind), none promised: unset
note        texts  Ransom wording in a short text: encrypted, recovery, hidden_service, contact, payment, threat, warning
canary      flag   Whether its name or folder says that it is a decoy (canary)
""",
    states=True,
)

SHARE_FOLDER = table(
    "share_folder",
    "One row per folder of a share that was walked: how much is there, and how much of it was examined.",
    """
share       text   The share, as given
folder      text   Folder below the share; unknown words are tokens
files       count  Files
examined    count  Files of which the first block was read
bytes       count  Bytes of all files together
links       count  Links and special files, which were not followed
unreadable  count  Files that could not be read
""",
    states=True,
)

TABLES = (FILE_SAMPLE, SHARE_FOLDER)
