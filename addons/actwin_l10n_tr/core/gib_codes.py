"""Code lists of the Turkish revenue administration (GİB) that an energy invoice draws from.

Lists: "UBL-TR Kod Listeleri" v1.42 (March 2026). Units hold what Odoo's and our units of measure
can yield, not all 2,152 of the list; the tests compare both against the full lists when present.
"""

EINVOICE_PROFILES = frozenset({
    "TICARIFATURA", "TEMELFATURA", "YOLCUBERABERFATURA", "IHRACAT", "OZELFATURA", "KAMU", "HKS",
    "ENERJI", "ILAC_TIBBICIHAZ", "YATIRIMTESVIK", "IDIS",
})  # fmt: skip
EARCHIVE_PROFILE = "EARSIVFATURA"
# A refund is never a commercial-scenario document (InvoiceTypeCodeCheck-2).
REFUND_PROFILES = frozenset({
    "TEMELFATURA", "EARSIVFATURA", "KAMU", "ILAC_TIBBICIHAZ", "YATIRIMTESVIK", "IDIS",
})  # fmt: skip
INVOICE_TYPES = frozenset({
    "SATIS", "IADE", "TEVKIFAT", "TEVKIFATIADE", "ISTISNA", "OZELMATRAH", "IHRACKAYITLI", "SGK",
    "KOMISYONCU", "HKSSATIS", "HKSKOMISYONCU", "KONAKLAMAVERGISI", "SARJ", "SARJANLIK",
    "TEKNOLOJIDESTEK", "YTBSATIS", "YTBIADE", "YTBISTISNA", "YTBTEVKIFAT", "YTBTEVKIFATIADE",
})  # fmt: skip
TAX_NAMES = {
    "0015": "Katma Değer Vergisi",
    "0059": "Konaklama Vergisi",
    "0071": "Petrol ve Doğalgaz Ürünlerine İlişkin ÖTV",
    "4071": "Elektrik ve Havagazı Tüketim Vergisi",
    "8002": "Enerji Fonu",
    "8004": "TRT Payı",
    "8005": "Elektrik Tüketim Vergisi",
    "8008": "Çevre Temizlik Vergisi",
}
TAX_CODES = frozenset({
    "0003", "0015", "0061", "0071", "0073", "0074", "0075", "0076", "0077", "1047", "1048", "4080",
    "4081", "9015", "9021", "9077", "8001", "8002", "8004", "8005", "8006", "8007", "8008", "9040",
    "0011", "4071", "4171", "0021", "0022", "9944", "0059",
})  # fmt: skip
VAT = "0015"
UNIT_CODES = frozenset({
    "ANN", "BG", "BX", "C62", "CMK", "CMQ", "CMT", "CR", "D61", "D62", "DAY", "DZN", "E34", "FOT",
    "FTK", "FTQ", "GJ", "GLL", "GRM", "GT", "GV", "HUR", "INH", "INQ", "K3", "KGM", "KJO", "KMT",
    "KVA", "KVR", "KW", "KWH", "KWT", "LBR", "LTR", "MGM", "MIN", "MLT", "MMK", "MMQ", "MMT",
    "MON", "MTK", "MTQ", "MTR", "MWH", "NIU", "ONZ", "OZA", "PA", "PF", "PK", "PR", "QT", "SA",
    "SET", "SM3", "SMI", "TNE", "YRD",
})  # fmt: skip
PARTY_SCHEMES = frozenset({
    "TCKN", "VKN", "HIZMETNO", "MUSTERINO", "TESISATNO", "TELEFONNO", "DISTRIBUTORNO",
    "TICARETSICILNO", "TAPDKNO", "BAYINO", "ABONENO", "SAYACNO", "EPDKNO", "SUBENO", "PASAPORTNO",
    "ARACIKURUMETIKET", "ARACIKURUMVKN", "CIFTCINO", "IMALATCINO", "DOSYANO", "HASTANO", "MERSISNO",
    "URETICINO", "GTB_REFNO", "GTB_GCB_TESCILNO", "GTB_FIILI_IHRACAT_TARIHI", "ARACKIMLIKNO",
    "PLAKA", "SEVKIYATNO",
})  # fmt: skip
PAYMENT_MEANS = frozenset(
    [str(code) for code in range(1, 54)]
    + [str(code) for code in (*range(60, 68), 70, *range(74, 79), *range(91, 98))]
    + ["ZZZ"]
)
