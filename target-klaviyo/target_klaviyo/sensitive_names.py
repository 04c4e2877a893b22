"""Columns whose name says that they hold what no marketing tool should know about a person.

What is looked for: special categories of data (GDPR article 9), criminal records (article 10),
identity documents, means of payment, secrets, birth dates, salaries and street addresses; in
Spanish and English, and some Catalan.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Words of a name as they follow each other, `_` between them; `*`: however the word ends; a `=`
# before it: only where it is the whole name. The rest is regular expression.
_SAID = {
    "an identity document": "dni nie nif cif documento =documentos =document document_(id|n|no|num"
    "|number|type) id_document passport* pasaporte* passaport* identidad identitat identity_(card|"
    "document*|number) id_card national_?id* personal_id ssn social_?security* num_ss nuss "
    "seguridad_social national_insurance* cedula curp cpf driv(ers?|ing)_licen[cs]e* "
    "(carnet|carne|permiso|licencia)_(de_)?conducir",
    "a tax number": "tax_?(id|number|no|num|code|file)* (vat|iva)_(id|number|no|num|reg*) vatin "
    "=tin (id|identificacion|identificador|numero|num|codigo|datos)_fiscal* fiscal_(id|code|number)"
    " codice_fiscale =rfc cnpj",
    "a bank account": "iban bic swift_(code|bic) codigo_swift bank(?!_holiday) bank_?account* "
    "banking banco bancari[oa]s? (numero|num|n|no|nro)_?(de_)?cuenta =cuenta cuenta_(corriente|"
    "bancaria|cargo|ahorro) account_?(number|no|num) sort_code routing_number clabe cbu =ccc sepa",
    "a payment card": "(credit|debit|payment|bank)_?cards? card_?(n|no|num|number|pan|holder|expiry"
    "|exp|cvv|cvc|last_4)* =cards? (numero|num|n|no|nro)_?(de_)?tarjeta tarjeta_(de_)?(credito|"
    "debito|bancaria|pago) (caducidad|titular)_(de_)?(la_)?tarjeta =tarjetas? cvv cvc =pan "
    "pan_number",
    "a secret": "password* passwd pwd passphrase passcode contrasen* =clave clave_(de_)?(acceso|"
    "secreta|privada|api) token api_?key private_?key (ssh|secret|signing)_key (client|api|app)_"
    "secret =secret =secreto =pin (codigo|card)_pin pin_(code|number) =otp totp mfa_* jwt security_"
    "(question|answer|code) (pregunta|respuesta)_(de_)?seguridad",
    "a birth date": "birth* date_?of_?birth dob nacimiento fecha_?(de_?)?nac* fec_?nac* f_nac* "
    "naixement data_?naix* cumple cumpleanos =aniversari",
    "health": "health* salud salut sanitari[oa]s? medic[oa]s? medicacion* medicament* medicin* "
    "medical* medication* alergi* alergen* al_lergi* allerg* intoleranc* celiac* coeliac* lactos* "
    "gluten* diabet* discapaci* disabilit* disabled_(access|seat|person|people|parking|ticket|"
    "visitor|guest)* minusval* handicap* wheelchair* silla_(de_)?ruedas (movilidad|mobilitat)_"
    "redui?cida mobilitat_reduida reduced_mobility pmr (accessibility|special|access)_needs? "
    "accessibility_requirement* necesidades_(especiales|(de_)?accesibilidad) enfermedad* malalti* "
    "disease* illness* diagnos* patologi* pathology vacun* vaccin* covid* embaraz* pregnan* "
    "blood_(type|group) sanguine[oa] hiv vih terapia therapy psicolog* psychiatr* psiquiatr* "
    "adiccion* addiction* diet diets dieta* dietary* dietetic* vegan[oa]?s? vegetarian[oa]?s?",
    "religion or belief": "religi* creencia* belief* =faith",
    "a political opinion": "political* politics =politic[oa] ideologi* (afiliacion|opinion|"
    "preferencia|orientacion|partido|militancia)_(de_)?politic* voto (voting|vote)_intention* "
    "intencion_(de_)?voto party_affiliation",
    "sexual life": "sexual* orientacion =orientacio gender_identity lgbt* transgender transexual*",
    "ethnic origin": "etni* ethni* racial* =race raza origen_(etnico|racial) skin_colou?r "
    "color_(de_)?(la_)?piel",
    "union membership": "sindica* (trade|labou?r)_unions? union_member*",
    "a body": "biometri* huella_(dactilar|digital) fingerprint* genetic* =adn =dna",
    "a criminal record": "antecedentes_penales criminal* delitos? condenas?",
    "a salary": "salari* salary sueldo* nomina payroll",
    "a street address": "address direccion domicilio* adreca =calle =carrer =street street_?(addres"
    "s|name|number|line)* (nombre_(de_)?(la_)?)calle calle_(y_)?(num|numero)",
}
# Words beside them that say it is something else.
_ELSE = {
    "a payment card": "loyalty gift fan member membership club season fidelidad fidelizacion "
    "regalo socio socia abono abonado puntos points",
    "an identity document": "url version",
    "a street address": "email mail correo electronica web url ip mac wallet venue recinto event "
    "evento sala local lugar festival concierto teatro artistica musical tecnica escenica city "
    "ciudad country pais region province provincia state zip postal latitude longitude timezone",
}


def plain(name: str) -> str:
    """Lower case, without accents, words and numbers joined by underscores.

    `fechaNacimiento`, `Fecha de nacimiento` and `FECHA-NACIMIENTO` say the same.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    decomposed = unicodedata.normalize("NFKD", spaced.casefold())
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    parted = re.sub(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])", "_", bare)
    return re.sub(r"[^a-z0-9]+", "_", parted).strip("_")


@lru_cache(maxsize=4096)  # keys of nested objects come with every record
def said(name: str) -> str | None:
    """What a name says its values are, such as "health"; None for what may be passed on."""
    words = plain(name)
    for kind, pattern in _PATTERNS.items():
        if pattern.search(words) and not (kind in _ELSE and _OTHERWISE[kind].search(words)):
            return kind
    return None


@lru_cache(maxsize=4096)
def is_reference(name: str) -> bool:
    """Whether a name says that its values are numbers of things: orders, tickets, barcodes, phones.

    Such numbers may look like those of people by chance.
    """
    return bool(_REFERENCE.search(plain(name)))


def is_id(name: str) -> bool:
    """Whether a name says that its values are made by a machine."""
    return bool(re.search(r"(?:^|_)(?:ids?|uuids?|guid|key|hash|ref)$", plain(name)))


def _pattern(words: str) -> re.Pattern[str]:
    each = [
        f"^{word[1:]}$" if word.startswith("=") else f"(?:^|_){word}(?:_|$)"
        for word in words.replace("*", "[a-z]*").split()
    ]
    return re.compile("|".join(each))


_PATTERNS = {kind: _pattern(words) for kind, words in _SAID.items()}
_OTHERWISE = {kind: _pattern(words) for kind, words in _ELSE.items()}
_THINGS = (
    "order pedido ticket entrada booking reserva transaction transaccion invoice factura receipt "
    "recibo event evento nevent product producto item line variant campaign session payment pago"
)
_THING = "|".join(f"{each}s?" for each in _THINGS.split())
_NUMBER = "id|n|no|num|number|numero|code|codigo|ref|reference|referencia"
_REFERENCE = _pattern(
    "barcode* barras ean upc gtin sku isbn qr localizador locator uuid guid hash checksum tracking "
    "phone* telefono* telephone* tel telf tlf movil mobile whatsapp fax "
    f"({_THING})_([a-z0-9]+_){{0,9}}({_NUMBER}|ids|key) ({_NUMBER})_(de_)?({_THING})"
)
