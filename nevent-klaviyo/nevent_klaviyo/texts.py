"""Every text that people read on the screen, in English and in Spanish; JSON has codes."""

from __future__ import annotations

from typing import Any

LANGUAGES = ("en", "es")

_ERRORS: dict[str, tuple[str, str]] = {
    "unknown_person": (
        (
            "Neither Nevent nor Klaviyo knows this person. Check the address for typing "
            "errors; a fan erased in Nevent is known to neither."
        ),
        (
            "Ni Nevent ni Klaviyo conocen a esta persona. Comprueba que la dirección esté "
            "bien escrita; un fan suprimido en Nevent no consta en ninguno de los dos."
        ),
    ),
    "cannot": ("It cannot go on: {detail}", "No se puede continuar: {detail}"),
    "wrong_setting": (
        "Set the environment of this command right: {detail}. The README lists all variables.",
        "Revisa las variables de entorno de este comando: {detail}. El README las enumera todas.",
    ),
    "klaviyo_denied": (
        "Klaviyo refuses the key; whoever manages the Klaviyo account must act. {detail}",
        "Klaviyo rechaza la clave; debe actuar quien administre la cuenta de Klaviyo. {detail}",
    ),
    "nevent_denied": (
        "Nevent refuses the token; whoever manages Nevent must act. {detail}",
        "Nevent rechaza el token; debe actuar quien administre Nevent. {detail}",
    ),
    "klaviyo_failed": (
        "Klaviyo did not answer as it should. Nothing was changed; try again later. {detail}",
        (
            "Klaviyo no ha respondido como debía. No se ha cambiado nada; inténtalo más "
            "tarde. {detail}"
        ),
    ),
    "nevent_failed": (
        "Nevent did not answer as it should. Nothing was changed; try again later. {detail}",
        "Nevent no ha respondido como debía. No se ha cambiado nada; inténtalo más tarde. {detail}",
    ),
    "not_asked": (
        "One side does not know this person, and the other could not be asked. {detail}",
        "Un lado no conoce a esta persona y al otro no se le ha podido preguntar. {detail}",
    ),
}
_FAN: dict[str, tuple[str, str]] = {
    "nevent": ("Nevent", "Nevent"),
    "klaviyo": ("Klaviyo", "Klaviyo"),
    "person": ("Person", "Persona"),
    "known": ("Known", "Consta"),
    "id": ("Id", "Id"),
    "name": ("Name", "Nombre"),
    "email": ("E-mail", "Correo"),
    "sms": ("SMS", "SMS"),
    "push": ("Push", "Push"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "phone": ("Phone", "Teléfono"),
    "place": ("Place", "Lugar"),
    "language": ("Language", "Idioma"),
    "tags": ("Tags", "Etiquetas"),
    "lists": ("Lists", "Listas"),
    "since": ("Since", "Desde"),
    "changed": ("Last change", "Último cambio"),
    "link": ("Linked to", "Vinculado a"),
    "consent": ("Consent and preferences", "Consentimientos y preferencias"),
    "channel": ("Channel", "Canal"),
    "third_party": ("Third parties", "Cesión a terceros"),
    "suppression": ("suppressed: {reason}, {at}", "suprimido: {reason}, {at}"),
    "left_list": ("left a list: {at}", "baja de una lista: {at}"),
    "SUBSCRIBED": ("subscribed", "suscrito"),
    "UNSUBSCRIBED": ("unsubscribed", "dado de baja"),
    "NEVER_SUBSCRIBED": ("never subscribed", "nunca suscrito"),
    "yes": ("yes", "sí"),
    "no": ("no", "no"),
    "unsaid": ("not said", "sin respuesta"),
    "no_data": ("not told", "no consta"),
    "unreadable": ("not readable, see below", "no se puede leer; véase abajo"),
    "none": ("none", "ninguno"),
    "purchases": ("Purchases and tickets", "Compras y entradas"),
    "bought": ("Bought", "Compra"),
    "concert": ("Concert", "Concierto"),
    "tickets": ("Tickets", "Entradas"),
    "amount": ("Amount", "Importe"),
    "refunded": ("Refunded", "Devuelto"),
    "state": ("State", "Estado"),
    "concerts": ("Concerts attended", "Conciertos a los que asistió"),
    "date": ("Date", "Fecha"),
    "venue": ("Venue", "Recinto"),
    "newsletters": ("Newsletters", "Newsletters"),
    "newsletter": ("Newsletter", "Newsletter"),
    "source": ("Source", "Origen"),
    "campaigns": ("Campaigns received", "Campañas recibidas"),
    "campaign": ("Campaign", "Campaña"),
    "subject": ("Subject", "Asunto"),
    "received": ("Received", "Recibida"),
    "opens": ("Opens", "Aperturas"),
    "machine": ("By machine", "Automáticas"),
    "by_machine": ("by a machine", "automática"),
    "clicks": ("Clicks", "Clics"),
    "also": ("Also", "Además"),
    "flows": ("Flows", "Flujos"),
    "flow": ("Flow", "Flujo"),
    "step": ("Step", "Paso"),
    "last_message": ("Last message", "Último mensaje"),
    "basis": ("Basis", "Según"),
    "entered": ("entered", "ha entrado"),
    "active": ("active", "en curso"),
    "finished": ("finished", "terminado"),
    "last_mail_and_delays": (
        "last message and remaining delays",
        "último mensaje y esperas restantes",
    ),
    "flow_not_live": ("the flow sends no more", "el flujo ya no envía"),
    "definition_unreadable": (
        "age of the last message; the flow's steps are not readable",
        "antigüedad del último mensaje; los pasos no se pueden leer",
    ),
    "flow_unknown": (
        "the flow is not readable or is gone",
        "el flujo no se puede leer o no existe",
    ),
    "events": (
        "Last events in Klaviyo ({shown} of {total})",
        "Últimos eventos en Klaviyo ({shown} de {total})",
    ),
    "totals": (
        "{opens} opens, {machine_opens} more by machines, {clicks} clicks",
        "{opens} aperturas, {machine_opens} más automáticas, {clicks} clics",
    ),
    "time": ("Time (UTC)", "Hora (UTC)"),
    "event": ("Event", "Evento"),
    "about": ("About", "Sobre"),
    "value": ("Value", "Valor"),
    "differences": ("Differences that matter", "Diferencias que importan"),
    "no_differences": ("The two sides agree.", "Los dos lados coinciden."),
    "problems": ("Could not be read", "No se ha podido leer"),
}
_DIFFERENCES: dict[str, tuple[str, str]] = {
    "only_in_nevent": (
        (
            "Known to Nevent only. Without consent to third parties a fan does not go to "
            "Klaviyo; with it, the next run takes him there."
        ),
        (
            "Solo consta en Nevent. Sin consentimiento de cesión a terceros un fan no pasa a "
            "Klaviyo; con él, pasará en la próxima sincronización."
        ),
    ),
    "only_in_klaviyo": (
        (
            "Known to Klaviyo only. A subscriber of a list with consent comes to Nevent with "
            "the next run; anyone else stays in Klaviyo."
        ),
        (
            "Solo consta en Klaviyo. Quien esté suscrito a una lista con consentimiento llegará a "
            "Nevent en la próxima sincronización; los demás se quedan en Klaviyo."
        ),
    ),
    "not_linked": (
        "The Klaviyo profile does not carry the fan's id yet: it was found by e-mail.",
        "El perfil de Klaviyo aún no lleva el id del fan: se ha encontrado por el correo.",
    ),
    "linked_to_another": (
        "The Klaviyo profile is linked to another fan ({klaviyo}): someone should look at both.",
        "El perfil de Klaviyo está vinculado a otro fan ({klaviyo}): conviene revisar ambos.",
    ),
    "email_differs": (
        "The e-mail address differs: {nevent} in Nevent, {klaviyo} in Klaviyo.",
        "El correo es distinto: {nevent} en Nevent, {klaviyo} en Klaviyo.",
    ),
    "phone_differs": (
        "The phone number differs: {nevent} in Nevent, {klaviyo} in Klaviyo.",
        "El teléfono es distinto: {nevent} en Nevent, {klaviyo} en Klaviyo.",
    ),
    "consent_differs": (
        "{channel}: Nevent says {nevent} ({nevent_at}), Klaviyo says {klaviyo} ({klaviyo_at}).",
        "{channel}: en Nevent, {nevent} ({nevent_at}); en Klaviyo, {klaviyo} ({klaviyo_at}).",
    ),
    "mailable_without_third_party_consent": (
        "Klaviyo may send e-mail to this person although Nevent holds no consent to third parties.",
        (
            "Klaviyo puede enviar correo a esta persona aunque en Nevent no consta su "
            "consentimiento de cesión a terceros."
        ),
    ),
}
TEXTS = {**_ERRORS, **_FAN, **_DIFFERENCES}


class Words:
    """The texts in one language."""

    def __init__(self, lang: str) -> None:
        self._place = LANGUAGES.index(lang)

    def __call__(self, key: str, **values: Any) -> str:
        """The text of this key, with these values in it."""
        return TEXTS[key][self._place].format(**values)

    def code(self, code: Any) -> str:
        """What a code of either side means; the code itself where it is none of ours."""
        return self(code) if code in TEXTS else str(code or "")

    def flag(self, *, value: bool | None) -> str:
        """A yes, a no, or that nobody said."""
        return self("unsaid" if value is None else "yes" if value else "no")
