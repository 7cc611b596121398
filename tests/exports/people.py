"""Three hundred students with names of the world's kinds, deterministic."""

from grader.gradebook.rows import Student

# One of each kind that has broken a table somewhere: apostrophes, commas, one word, no Latin
# letter, right to left, combining marks (both ways to write é), joiners, the words of a sheet.
KINDS = (
    "O'Brien, Sinéad", "D’Angelo, Lucia", "Nguyễn Thị Minh Khai", "Sammy Davis, Jr.", "Sukarno",
    "李小龍", "王伟", "王伟", "山田 太郎", "김철수", "محمد بن سلمان", "נועה לוי", "نرگس‌خانم رضایی",
    "José", "Jose\u0301 Núñez", "Zoë Žižek", "Łukasz Żółć", "Øyvind Ås", "İpek Işık",
    "Straße, Groß",
    "Αλέξης Ζορμπάς", "Иван Иванов", "ภัทรพล ใจดี", "अनन्या शर्मा", "ꦗꦮ", "Māori, Te", "Ng", "X Æ A-12",
    "Anna-Maria von und zu Guttenberg-Löwenstein", "María José Carreño Quiñones",
    "Student, Test", "Points Possible", "Muted", "Manual Posting", "Student", "LastName", "ID",
    "Participant 4", "None", "NULL", "NaN", "True", "0", "1,5", "4711", "=1+1", "+49 30", "-Dash",
    "@home", '"Quoted" Name', "Semi;Colon", "Tab\tName", "Pipe|Name", "A_B_C", "Doe_77_x", "N/A",
    "EX", "Smith, John", "Smith, John", "john smith", "  Spaced   Out  ", "🙂 Smile", "l" * 180,
)  # fmt: skip


def people(count=300):
    """So many students, each kind of name at least once; ids, mails and numbers are their own."""
    found = []
    for i in range(count):
        kind = KINDS[i % len(KINDS)]
        name = kind if i < len(KINDS) else f"{kind} {'abcdefgh'[i // len(KINDS)]}{i}"
        found.append(
            Student(f"s{i:03d}", name, f"s{i:03d}@school.example", "g1", str(7000 + 3 * i))
        )
    return found
