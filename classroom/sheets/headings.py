"""What learning platforms call the columns of the tables that they export.

Canvas, Brightspace and the scripts of Blackboard write English; Moodle writes the language of the
person who exports. Its words are those of its language packs for Arabic, Basque, Catalan, Chinese,
Dutch, English, French, Galician, German, Greek, Italian, Japanese, Korean, Lithuanian, Portuguese,
Romanian, Russian, Spanish, Swedish, Turkish, Ukrainian and Urdu.
"""

import html
import re
import unicodedata


def plain(text):
    """Returns a text as it is compared: one way to write letters, no capitals, single blanks."""
    text = html.unescape(unicodedata.normalize("NFC", text)).casefold().replace("’", "'")
    return " ".join(text.split())


def _words(text):
    return frozenset(map(plain, re.split(r"[|\n]", text.strip())))


NAMES = _words("""
Full name|User full name|Name|Student|Student name|Display name|Vollständiger Name|Nom complet
Nom complet de l'utilisateur|Nom complet de l'usuari|Nombre completo|Nombre completo del usuario
Nome completo|Nome|Nome completo dell'utente|Nome completo do usuario|Nome completo do utilizador
Volledige naam|Volledige naam van de gebruiker|Nume complet|Numele complet al utilizatorului
Fullständigt namn|Izen osoa|Erabiltzailearen izen osoa|Visas pavadinimas|Visas naudotojo vardas
Tam adı|Kullanıcının tam adı|Πλήρες όνομα|Πλήρες όνομα χρήστη|Полное имя|Полное имя пользователя
Повна назва|Повне ім'я користувача|الاسم كاملا|ًالاسم كاملا|پورا نام|صارف کا پورا نام|フルネーム
ユーザフルネーム|전체 이름|사용자 성명|全名|用户全名
""")
FIRST_NAMES = _words("""
First name|FirstName|Given name|Vorname|Prénom|Nom|Nombre|Nome|Izena|Voornaam|Prenume|Förnamn
Vardas|Adı|Μικρό/Βαπτιστικό όνομα|Имя|Ім'я|الاسم الأول|پہلا نام|名|이름
""")
LAST_NAMES = _words("""
Last name|LastName|Surname|Family name|Nachname|Nom de famille|Cognoms|Apellido(s)|Apellidos
Apelido|Apelidos|Cognome|Abizena(k)|Achternaam|Nume de familie|Efternamn|Pavardė|Soyadı|Επίθετο
Фамилия|Прізвище|الاسم الأخير|نام کا آخری حصہ|姓|성
""")
# Numbers, user names and addresses, of the platform or of the institution.
IDENTIFIERS = _words("""
Identifier|Identifiant|Identificador|Identificativo|Identificatie|Identificator|Identifierare
Identifikatzailea|Identifikatorius|Tanımlayıcı|Αναγνωριστικό|Идентификатор|Ідентифікатор|ID
المُعرَّف|شناخت کنندہ|식별자|标识符
ID number|ID-Nummer|Numéro d'identification|Número de ID|Número ID|Codice identificativo
Nummer (ID)|Número de identificação (ID)|Número de identificação|Număr ID|ID nummer|ID zenbakia
ID numeris|ID numarası|Αναγνωριστικός αριθμός|Индивидуальный номер|Індивідуальний номер
رقم المُعرَّف|آئی ڈی نمبر|IDナンバ|id 번호|学号
Username|User name|Login|Anmeldename|Benutzername|Nom d'utilisateur|Nom d'usuari|Nombre de usuario
Nome de usuario|Nome de utilizador|Gebruikersnaam|Nume de utilizator|Användarnamn
Erabiltzaile-izena|Naudotojo vardas|Kullanıcı adı|Όνομα χρήστη|Логин|Ім'я входу|اسم المستخدم
صارف نام|ユーザ名|사용자 아이디|用户名
Email address|Email|E-mail|Mail|E-Mail-Adresse|Adresse de courriel|Adreça electrònica
Dirección de correo|Enderezo de correo|Indirizzo email|E-mailadres|Adresa de e-mail|E-postadress
Helbide elektronikoa|El. pašto adresas|E-posta adresi|Διεύθυνση ηλε.ταχυδρομείου
Адрес электронной почты|Електронна пошта|عنوان البريد الإلكتروني|ای میل اڈریس|メールアドレス
이메일 주소|电子邮件地址
SIS User ID|SIS Login ID|Integration ID|Student ID|OrgDefinedId|Org Defined ID|User ID
""")
ABOUT_PEOPLE = NAMES | FIRST_NAMES | LAST_NAMES | IDENTIFIERS
GRADES = _words("""
Grade|Bewertung|Note|Calificación|Qualificació|Cualificación|Valutazione|Cijfer|Avaliação|Nota
Notă|Betyg|Kalifikazioa|Įvertinimas|Not|Βαθμός|Оценка|Оцінка|الدرجة|درجہ|評点|성적|成绩
""")
MAXIMA = _words("""
Maximum grade|Bestwertung|Note maximale|Calificación máxima|Qualificació màxima
Cualificación máxima|Valutazione massima|Maximaal cijfer|Nota máxima|Notă maximă|Maxbetyg
Gehieneko kalifikazioa|Didžiausias įvertinimas|Enyüksek not|Μέγιστος Βαθμός|Максимальная оценка
Максимальна оцінка|أعلى تقدير|زیادہ سے زیادہ گریڈ|最大評点|최대 성적|最高分
""")
# Moodle's gradebook writes in brackets how it shows a grade: as points, or in other ways.
POINTS = _words("""
Real|Punkte|Brut|Punteggio|Reëel|Reell|Erreala|Tikrasis|Gerçek|Πραγματικό|Значение|Бали|حقيقي
اصلی|実データ|실점수|分数
""")
NO_POINTS = _words("""
Percentage|Prozentsatz|Pourcentage|Porcentaje|Percentatge|Porcentaxe|Percentuale|Percentagem
Procentaj|Procent|Ehunekoa|Procentai|Yüzde|Ποσοστό|Проценты|Відсоток|النسبة المئوية|فیصد
パーセンテージ|백분율|百分比
Letter|Note|Lettre|Letra|Lletra|Graduatoria letterale|Nota alfabética|Literă|Bokstav|Raidė|Harf
Γράμμα|Буква|حرف|لیٹر|文字|문자|分数段
Feedback|Rückmeldung|Retroalimentación|Retroacció|Comentarios|Feedbacka|Atsiliepimas|Återkoppling
Geri bildirim|Σχόλια χρηστών|Отзыв|Коментар|الإفادة|تاثرات|フィードバック|피드백|反馈
""")
# What stands before a lab's name without saying which lab it is.
KINDS = _words("""
Lab|Labs|Laboratory|Labor|Praktikum|Notebook|Assignment|Homework|HW|Exercise|Problem|Set|Project
Week|Unit|Task|Aufgabe|Aufgaben|Übung|Übungsblatt|Blatt|Abgabe|Hausaufgabe|Projekt|Woche|Devoir|TP
TD|Exercice|Projet|Semaine|Tarea|Práctica|Ejercicio|Tarefa|Tasca|Trabalho|Compito|Opdracht
Inlämningsuppgift|Zeregina|Užduotis|Sarcină de lucru|Ödev|Ανάθεση εργασίας|Задание|Завдання|課題
과제|作业|واجب|اسائنمینٹ|Zadanie|Úkol|Opgave|Oppgave|Innlevering|Tehtävä|Feladat|Naloga|Zadaća
""")
