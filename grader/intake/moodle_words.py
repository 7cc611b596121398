"""The words of Moodle's grading worksheet in some of the languages that Moodle speaks.

Moodle heads the columns in the language of whoever downloads the sheet, and reads it back in that
of whoever uploads it. The words are those of Moodle's language packs of June 2026 (assign.php:
recordid, maxgrade, scale, lastmodifiedgrade, gradecanbechanged; moodle.php: gradenoun, fullname,
email, idnumber, username, no), as projectestac/moodle-langpacks keeps them.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Words(NamedTuple):
    """The headings of a worksheet, and the word for a grade that can't be changed."""

    language: str
    identifier: str
    maximum: str
    scale: str
    modified: str
    changeable: str
    grade: str
    name: str
    email: str
    number: str
    username: str
    no: str


_TABLE = """
en|Identifier|Maximum grade|Scale|Last modified (grade)|Grade can be changed|Grade|Full name|Email address|ID number|Username|No
ar|المُعرَّف|أعلى تقدير|المقياس|آخر تعديل (التقدير)|يمكن تغيير الدرجة|الدرجة|ًالاسم كاملا|عنوان البريد الإلكتروني|رقم المُعرَّف|اسم المستخدم|لا
ca|Identificador|Qualificació màxima|Escala|Darrera modificació (qualificació)|Es pot canviar la qualificació|Qualificació|Nom complet|Adreça electrònica|Número ID|Nom d'usuari|No
de|ID|Bestwertung|Skala|Zuletzt geändert (Bewertung)|Bewertung kann geändert werden|Bewertung|Vollständiger Name|E-Mail-Adresse|ID-Nummer|Anmeldename|Nein
el|Αναγνωριστικό|Μέγιστος Βαθμός|Κλίμακα|Τελευταία τροποποίηση (βαθμολόγηση)|Ο βαθμός μπορεί να αλλάξει|Βαθμός|Πλήρες όνομα|Διεύθυνση ηλε.ταχυδρομείου|Αναγνωριστικός αριθμός|Όνομα χρήστη|Όχι
es|Identificador|Calificación máxima|Escala|Última modificación (calificación)|La calificación puede ser cambiada|Calificación|Nombre completo|Dirección de correo|Número de ID|Nombre de usuario|No
eu|Identifikatzailea|Gehieneko kalifikazioa|Eskala|Azken aldaketa (kalifikazioa)|Kalifikazioa alda daiteke|Kalifikazioa|Izen osoa|Helbide elektronikoa|ID zenbakia|Erabiltzaile-izena|Ez
fr|Identifiant|Note maximale|Barème|Dernière modification (note)|La note peut être modifiée|Note|Nom complet|Adresse de courriel|Numéro d’identification|Nom d’utilisateur|Non
gl|Identificador|Cualificación máxima|Escala|Última modificación (cualificación)|A cualificación pode seren cambiada|Cualificación|Nome completo|Enderezo de correo|Número ID|Nome de usuario|Non
it|Identificativo|Valutazione massima|Scala|Ultima modifica (valutazione)|La valutazione può essere cambiata|Valutazione|Nome|Indirizzo email|Codice identificativo|Username|No
ja|ID|最大評点|評価尺度|最終更新日時 (評定)|評点変更可|評点|フルネーム|メールアドレス|IDナンバ|ユーザ名|No
ko|식별자|최대 성적|척도|마지막 수정됨(성적)|Grade can be changed|성적|전체 이름|이메일 주소|id 번호|사용자 아이디|아니오
nl|Identificatie|Maximaal cijfer|Schaal|Laatst gewijzigd (beoordeling)|Het cijfer kan gewijzigd worden|Cijfer|Volledige naam|E-mailadres|Nummer (ID)|Gebruikersnaam|Nee
pt|Identificador|Nota máxima|Escala|Última atualização (avaliação)|A nota pode ser alterada.|Avaliação|Nome completo|E-mail|Número de identificação (ID)|Nome de utilizador|Não
ro|Identificator|Notă maximă|Scală|Ultima modificare (nota)|Nota poate fi schimbată|Notă|Nume complet|Adresa de e-mail|Număr ID|Nume de utilizator|Nu
ru|Идентификатор|Максимальная оценка|Шкала|Последнее изменение (оценка)|Оценка может быть изменена|Оценка|Полное имя|Адрес электронной почты|Индивидуальный номер|Логин|Нет
sv|Identifierare|Maxbetyg|Skala|Senast modifierat (betyg)|Betyg kan ändras|Betyg|Fullständigt namn|E-postadress|ID nummer|Användarnamn|Nej
tr|Tanımlayıcı|Enyüksek not|Ölçek|Son düzenleme (not)|Not değiştirilebilir|Not|Tam adı|E-posta adresi|ID numarası|Kullanıcı adı|Hayır
uk|Ідентифікатор|Максимальна оцінка|Шкала|Востаннє змінювалося (оцінка)|Оцінка може бути змінена|Оцінка|Повна назва|Електронна пошта|Індивідуальний номер|Ім’я входу|Ні
zh_cn|标识符|最高分|量表|上次修改（评分）|允许更改成绩|成绩|全名|电子邮件地址|学号|用户名|否
"""  # noqa: E501 - a language a line, as Moodle writes it

LANGUAGES = {
    words.language: words
    for words in (Words(*line.split("|")) for line in _TABLE.split("\n") if line)
}


def words_of(headings: Iterable[str]) -> Words | None:
    """The language in which these headings are a worksheet's; None if they are none's."""
    there = {each.strip() for each in headings}
    for words in LANGUAGES.values():
        if there >= {words.identifier, words.grade, words.modified}:
            return words
    return None
