package source

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// Lines as they stand in exports, in the encoding named.
var writings = []struct{ name, encoding, text string }{
	{"German", "Windows-1252", "1;Passwort zurücksetzen;Müller;offen\n2;Drucker druckt größer als üblich;Weiß;geschlossen\n"},
	{"one German word", "Windows-1252", "1;Kühlschrank;Smith;open\n"},
	{"French", "Windows-1252", "1;Mot de passe oublié;Hélène;fermé\n2;L’écran ne s’allume plus – dépannage à prévoir;André;créé à l'été\n"},
	{"Finnish", "Windows-1252", "1;Palvelin ei käynnisty;Mäkinen;avoin\n2;Näyttö välkkyy töissä;Hämäläinen;suljettu\n"},
	{"Spanish", "Windows-1252", "1;No puedo iniciar sesión;Muñoz;abierto\n2;La contraseña expiró mañana;Peña;cerrado\n"},
	{"Portuguese", "Windows-1252", "1;Não consigo acessar;João;aberto\n2;Configuração de impressão;Conceição;fechado\n"},
	{"Italian", "Windows-1252", "1;Non riesco ad accedere, perché la città è;Nicolò;più\n"},
	{"Danish", "Windows-1252", "1;Skærmen virker ikke på kontoret;Sørensen;åben\n2;Æblet er rødt;Jørgensen;lukket\n"},
	{"Swedish", "Windows-1252", "1;Skärmen är trasig;Åkesson;öppen\n2;Jag kan inte logga in på mitt konto;Sjöberg;stängd\n"},
	{"Icelandic", "Windows-1252", "1;Þetta virkar ekki á tölvunni;Guðmundsdóttir;opið\n2;Prentari bilaður;Þór;lokað\n"},
	{"English with marks", "Windows-1252", "1;Printer broken, costs 20€;Smith;open\n2;It’s “fine” – really;Jones;closed\n"},
	{"English with signs", "Windows-1252", "1;25 °C in server room;Smith;open\n2;±5 % off, £20;Jones;closed\n"},
	{"one accent", "Windows-1252", "1;café;Smith;open\n"},
	{"Polish", "Windows-1250", "1;Nie mogę się zalogować;Wiśniewski;otwarte\n2;Proszę o zresetowanie hasła, żeby móc pracować;Wójcik;zamknięte\n"},
	{"Czech", "Windows-1250", "1;Nemohu se přihlásit k účtu;Dvořák;otevřený\n2;Tiskárna netiskne, prosím o kontrolu;Novotný;uzavřený\n"},
	{"Hungarian", "Windows-1250", "1;Nem tudok bejelentkezni a fiókomba;Szabó;nyitott\n2;A nyomtató nem működik, kérem segítsenek;Kővári;lezárt\n"},
	{"Romanian", "Windows-1250", "1;Nu mă pot conecta la contul meu;Ştefan;închis\n2;Imprimanta nu funcţionează şi vă rog să mă ajutaţi cât mai repede, pentru că trebuie să tipăresc facturile înainte de sfârşitul lunii;Ţurcanu;deschis\n"},
	{"Polish for Unix", "ISO-8859-2", "1;Nie mogę się zalogować;Wiśniewski;otwarte\n2;Proszę o zresetowanie hasła, żeby móc pracować;Wójcik;zamknięte\n"},
	{"Turkish", "Windows-1254", "1;Oturum açamıyorum;Yılmaz;açık\n2;Yazıcı çalışmıyor, şifremi unuttum, lütfen yardım edin;Öztürk;kapalı\n"},
	{"Russian", "Windows-1251", "1;Не могу войти в систему;Иванов;открыт\n2;Принтер не печатает;Петров;закрыт\n"},
	{"Ukrainian", "Windows-1251", "1;Не можу увійти до системи;Шевченко;відкрито\n2;Принтер не друкує, їжак;Коваленко;закрито\n"},
	{"Bulgarian", "Windows-1251", "1;Не мога да вляза в системата;Димитров;отворен\n2;Принтерът не печата;Георгиева;затворен\n"},
	{"a Russian word in English", "Windows-1251", "1;ticket about Принтер that does not print at all since this morning;Smith;open\n"},
	{"Russian for Unix", "KOI8-R", "1;Не могу войти в систему;Иванов;открыт\n2;Принтер не печатает;Петров;закрыт\n"},
	{"Russian from DOS", "IBM866", "1;Не могу войти в систему;Иванов;открыт\n2;Принтер не печатает;Петров;закрыт\n"},
	{"Greek", "Windows-1253", "1;Δεν μπορώ να συνδεθώ;Παπαδόπουλος;ανοιχτό\n2;Ο εκτυπωτής δεν λειτουργεί;Νικολάου;κλειστό\n"},
	{"Hebrew", "Windows-1255", "1;אני לא מצליח להתחבר למערכת;כהן;פתוח\n2;המדפסת לא עובדת;לוי;סגור\n"},
	{"Arabic", "Windows-1256", "1;لا أستطيع تسجيل الدخول;محمد;مفتوح\n2;الطابعة لا تعمل يرجى المساعدة;فاطمة;مغلق\n"},
	{"Thai", "windows-874", "1;ไม่สามารถเข้าสู่ระบบได้;สมชาย;เปิด\n2;เครื่องพิมพ์เสีย;สมหญิง;ปิด\n"},
	{"German from a Mac", "macintosh", "1;Passwort zurücksetzen;Müller;offen\n2;Drucker druckt größer als üblich;Weiß;geschlossen\n"},
	{"French from a Mac", "macintosh", "1;Mot de passe oublié;Hélène;fermé\n2;L’écran ne s’allume plus – dépannage à prévoir;André;créé à l'été\n"},
	{"Spanish from a Mac", "macintosh", "1;No puedo iniciar sesión;Muñoz;abierto\n2;La contraseña expiró mañana;Peña;cerrado\n"},
	{"English from a Mac", "macintosh", "1;Deliverable 1 — Final Integration;Smith;open\n2;Sales – Q1;Jones;closed\n"},
	{"German from DOS", "IBM850", "1;Passwort zurücksetzen;Müller;offen\n2;Drucker druckt größer als üblich;Weiß;geschlossen\n"},
	{"French from DOS", "IBM850", "1;Mot de passe oublié;Hélène;fermé\n2;dépannage à prévoir;André;créé à l'été\n"},
	{"Japanese", "Shift_JIS", "1;ログインできません;田中;オープン\n2;プリンターが動きません。助けてください;佐藤;クローズ\n"},
	{"Chinese", "GB18030", "1;我无法登录系统;王伟;打开\n2;打印机坏了，请帮忙修理一下;李娜;关闭\n"},
	{"Korean", "EUC-KR", "1;로그인할 수 없습니다;김철수;열림\n2;프린터가 작동하지 않습니다;이영희;닫힘\n"},
}

func encode(t testing.TB, encoding, text string) string {
	t.Helper()
	enc, err := lookup(encoding)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := enc.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestEncodingIsFoundFromTheText(t *testing.T) {
	for _, w := range writings {
		t.Run(w.name, func(t *testing.T) {
			header := "id;subject;requester;status\n"
			table := open(t, "x.csv", header+encode(t, w.encoding, w.text), Options{})
			want := strings.Split(strings.ReplaceAll(strings.TrimSpace(w.text), ";", "\n"), "\n")
			if got := flat(t, table); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("read as %s:\n%q", table.Encoding, got)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	const text = "id,subject\n1,Müller’s Gerät\n2,naïve\n"
	utf16 := func(mark, order string) string {
		return mark + encode(t, "utf-16"+order, text)
	}
	for _, c := range []struct {
		name, content string
		opt           Options
		encoding      string
		remarks       int
	}{
		{"UTF-8", text, Options{}, "UTF-8", 0},
		{"UTF-8 with a mark", "\ufeff" + text, Options{}, "UTF-8", 0},
		{"UTF-16 with a mark", utf16("\xff\xfe", "le"), Options{}, "UTF-16LE", 1},
		{"UTF-16 with a mark, the other way", utf16("\xfe\xff", "be"), Options{}, "UTF-16BE", 1},
		{"UTF-16 without a mark", utf16("", "le"), Options{}, "UTF-16LE", 1},
		{"UTF-16 without a mark, the other way", utf16("", "be"), Options{}, "UTF-16BE", 1},
		{"UTF-16 as asked", utf16("", "le"), Options{Encoding: "UTF-16LE"}, "UTF-16LE", 0},
		{"UTF-16 by another name", utf16("", "le"), Options{Encoding: "unicode"}, "UTF-16LE", 0},
		{"a mark and a bad byte", "\ufeff" + text + ",\n" + "\xff,\n", Options{}, "UTF-8", 2},
		{"Windows-1252", encode(t, "windows-1252", text), Options{}, "Windows-1252", 1},
		{"as asked", encode(t, "macintosh", text), Options{Encoding: "macintosh"}, "macintosh", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := open(t, "x.csv", c.content, c.opt)
			if table.Encoding != c.encoding || len(table.Remarks) != c.remarks {
				t.Errorf("read as %s, remarks %q", table.Encoding, table.Remarks)
			}
			got := strings.Join(flat(t, table)[:4], "|")
			if want := "1|Müller’s Gerät|2|naïve"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if table.Header[0] != "id" {
				t.Errorf("header %q", table.Header)
			}
		})
	}
}

func TestBadBytesInUTF8SpoilTheirRowsAlone(t *testing.T) {
	content := "id,subject\n" + strings.Repeat("1,größer\n", 1000) + "2,gr\xf6\xdfer\n" + "3,größer\n"
	table := open(t, "x.csv", content, Options{})
	if table.Encoding != "UTF-8" || len(table.Remarks) != 1 || !strings.Contains(table.Remarks[0], "line 1002") {
		t.Errorf("read as %s, remarks %q", table.Encoding, table.Remarks)
	}
	for _, r := range rows(t, table) {
		if bad := r.Line == 1002; (r.Fault != "") != bad {
			t.Errorf("line %d: fault %q", r.Line, r.Fault)
		}
		if got := r.Fields()[1]; got != "größer" {
			t.Errorf("line %d: %q", r.Line, got)
		}
	}
}

func TestAFileOfTwoEncodingsIsNotReadAsOneInSilence(t *testing.T) {
	half := "1,größer als üblich\n2,Müller\n"
	for _, content := range []string{half + encode(t, "Windows-1252", half), half + encode(t, "Windows-1252", half+half+half)} {
		table := open(t, "x.csv", "id,subject\n"+content, Options{})
		for _, r := range rows(t, table) {
			if (r.Fault != "") != (r.Line > 3) {
				t.Errorf("line %d: fault %q", r.Line, r.Fault)
			}
		}
	}
}

func TestBadBytesInJSONSpoilTheirRowsAlone(t *testing.T) {
	table := open(t, "x.jsonl", "{\"a\":\"größer\"}\n{\"a\":\"gr\xf6\xdfer\"}\n", Options{})
	got := rows(t, table)
	if got[0].Fault != "" || !strings.Contains(got[1].Fault, "not valid UTF-8") {
		t.Errorf("faults %q, %q", got[0].Fault, got[1].Fault)
	}
	if s := string(got[1].JSON()); s != `{"a":"größer"}` {
		t.Errorf("mended as %s", s)
	}
}

func TestOneByteNearTheEndDecidesTheEncoding(t *testing.T) {
	content := "id,subject\n" + strings.Repeat("1,plain text\n", 300_000) + "2,gr\xf6\xdfer\n"
	table := open(t, "x.csv", content, Options{})
	got := rows(t, table)
	if s := got[len(got)-1].Fields()[1]; table.Encoding != "Windows-1252" || s != "größer" {
		t.Errorf("read as %s: %q", table.Encoding, s)
	}
}

func TestACharacterAcrossTheEdgeOfAChunk(t *testing.T) {
	for pad := range 5 {
		content := "id\n" + strings.Repeat("x", 256<<10-8+pad) + "ö€😀\n"
		if table := open(t, "x.csv", content, Options{}); len(table.Remarks) > 0 || table.Rows != 1 {
			t.Errorf("pad %d: %d rows, %q", pad, table.Rows, table.Remarks)
		}
	}
}

// TestSumOfManyChunks: one is read into the place of the one before the last while the
// last is hashed, and each is as long as the hash takes.
func TestSumOfManyChunks(t *testing.T) {
	var content strings.Builder
	content.WriteString("id\n")
	for n := range 400_000 {
		fmt.Fprintf(&content, "ö%d\n", n)
	}
	for range 3 {
		if table := open(t, "x.csv", content.String(), Options{}); table.Rows != 400_000 || table.Sum != sha256.Sum256([]byte(content.String())) {
			t.Fatalf("%d rows, sum %x", table.Rows, table.Sum)
		}
	}
}

// TestLineOfABadByte counts the lines of the chunks before it.
func TestLineOfABadByte(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		rows := strings.Repeat("größer als üblich"+end, 30_000)
		table := open(t, "x.csv", "id"+end+rows+"gr\xf6\xdfer"+end+rows, Options{})
		if all := strings.Join(table.Remarks, "; "); !strings.Contains(all, "the first on line 30002;") {
			t.Errorf("%q: %s", end, all)
		}
	}
}

func TestABytesWithoutCharacterSpoilTheirRow(t *testing.T) {
	table := open(t, "x.csv", "id\nα\n\xd2\n", Options{Encoding: "windows-1253"})
	got := rows(t, table)
	if !strings.Contains(got[1].Fault, "windows-1253") {
		t.Errorf("fault %q", got[1].Fault)
	}
}

func TestEncodingsGoByTheirUsualNames(t *testing.T) {
	for _, name := range []string{"utf8", "latin1", "cp1252", "Windows-1252", "ISO-8859-15", "cp850", "IBM852", "koi8-u", "sjis"} {
		if _, err := lookup(name); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownEncoding(t *testing.T) {
	for _, name := range []string{"latin-99", "utf-7", "iso-2022-kr"} {
		if got := refused(t, "x.csv", "id\n1\n", Options{Encoding: name}); !strings.Contains(got, `no such encoding: "`+name+`"`) {
			t.Error(got)
		}
	}
}

func TestHalvesOfCharactersInUTF16SpoilTheirRowsAlone(t *testing.T) {
	le := func(units ...uint16) (text string) {
		for _, u := range units {
			text += string([]byte{byte(u), byte(u >> 8)})
		}
		return text
	}
	be := func(text string) string {
		b := []byte(text)
		for i := 0; i < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return string(b)
	}
	for _, c := range []struct {
		name  string
		units []uint16
		bad   bool
	}{
		{"a pair", []uint16{0xd83d, 0xde00}, false},
		{"the replacement character itself", []uint16{0xfffd}, false},
		{"a first half", []uint16{0xd83d, 'x'}, true},
		{"a second half", []uint16{'x', 0xde00}, true},
		{"two first halves", []uint16{0xd83d, 0xd83d, 0xde00}, true},
		{"a first half at the end", []uint16{'x', 0xd83d}, true},
	} {
		text := le(0xfeff, 'I', 'd', ',', 'T', '\n', '1', ',', 'a', '\n', '2', ',') + le(c.units...)
		for form, content := range map[string]string{"LE": text, "BE": be(text)} {
			all := rows(t, open(t, "x.csv", content, Options{}))
			if all[0].Fault != "" || (all[1].Fault != "") != c.bad {
				t.Errorf("%s, %s: %q and %q", c.name, form, all[0].Fault, all[1].Fault)
			}
		}
	}
}
