"""Words that speak of the special categories of Art. 9, in English, German and French.

A lexicon, not an understanding: a word that also means something harmless stands in it only as part
of a phrase ("suis enceinte", not "enceinte"), or with phrases in which it is harmless.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from lethe.domain.candidates import Spans

LEXICON: Final = {
    "health": """
        abortion* AIDS alcoholism alzheimer* anorexia anorexic antidepressant* arthritis asthma*
        autism autistic adhd hiv biopsy bipolar_disorder blood_pressure blood_type bulimia bulimic
        cancer* chemo chemotherapy cirrhosis clinical_depression clinically_depressed
        suffer*_from_depression with_depression dementia diabetes diabetic* dialysis my_disability
        disability_pension disabled_person disabled_people severely_disabled drug_addict* epilepsy
        epileptic* had_a_miscarriage miscarried hepatitis insulin leukaemia leukemia mental_illness
        mental_health_problem* multiple_sclerosis pregnancy pregnant parkinson_s parkinson_disease
        psychiat* psychotherap* schizophreni* sick_leave sick_note suicidal
        suicide_attempt tumor* tumour* tuberculosis tested_positive_for

        abtreibung* alkoholiker* alkoholkrank* alkoholsucht depressionen depressiv*
        arbeitsunfähig* ärztliches_attest bandscheibenvorfall* behindertenausweis bluthochdruck
        bulimie chemotherapie* demenz* diabetiker* dialyse* drogenabhängig* drogensucht epilepsie*
        epileptiker* fehlgeburt* grad_der_behinderung an_krebs krebs_erkrankt krebs_diagnostiziert
        krebsdiagnose krebserkrankung* krebskrank* krebspatient* blutkrebs brustkrebs darmkrebs
        hautkrebs lungenkrebs prostatakrebs herzinfarkt* krankgeschrieben krankschreibung* leukämie
        magersucht magersüchtig* rheuma* schizophrenie
        schlaganfall* schwanger schwangere* schwangerschaft* schwerbehinder* selbstmordversuch*
        suchtkrank* suizid* tuberkulose unter_depression

        alcoolisme alcoolo_dépendant* anorexie anorexique* arrêt_maladie avortement* boulimie
        boulimique* cancéreu* chimiothérapie* dépression_nerveuse en_dépression dépressif*
        dépressive* diabète diabétique* démence dialyse* épilepsie épileptique* suis_enceinte
        es_enceinte est_enceinte êtes_enceinte était_enceinte femme_enceinte femmes_enceintes
        tombée_enceinte fausse_couche grossesse* situation_de_handicap travailleur_handicapé
        travailleuse_handicapée hépatite* hypertension_artérielle infarctus insuline IVG leucémie*
        sclérose_en_plaques séropositif* séropositive* sida tentative_de_suicide toxicomane*
        toxicomanie tumeur* vih""",
    "religion": """
        a_christian christian_faith christianity atheis* baptised baptized buddhis* a_catholic
        catholic_church roman_catholic catholicism hindu hindus hinduism* islam islamic islamist*
        jehovah_s_witness* jewish judaism koran quran mormon* mosque* muslim* a_protestant ramadan
        religious_belief* sikh* synagogue*

        bin_evangelisch ist_evangelisch evangelische_kirche freikirche* getauft islamisch* jüdin*
        jüdisch* judentum ist_jude bin_jude kirchenaustritt* kirchensteuer* konfessionslos*
        katholisch* katholik* moschee* moslem* zeuge_jehovas zeugen_jehovas zeugin_jehovas
        religiöse*_überzeugung* religionszugehörigkeit synagoge*

        athée* athéisme bouddhis* catholique* suis_chrétien suis_chrétienne foi_chrétienne
        christianisme conviction*_religieuse* coran hindou* islamique* juif juifs juive juives
        judaïsme mosquée* musulman* suis_protestant suis_protestante témoin*_de_jéhovah""",
    "politics": """
        communist* conservative_party democratic_party far_left far_right green_party labour_party
        nazi nazis political_belief* political_opinion* political_party political_views
        republican_party

        AfD CDU CSU FDP SPD grünen_gewählt kommunist* faschist* linksextrem* rechtsextrem* neonazi*
        parteibuch parteimitglied* parteizugehörigkeit politische*_einstellung* politische*_meinung*
        politische*_überzeugung* sozialist*

        communiste* extrême_droite extrême_gauche fasciste* france_insoumise opinion*_politique*
        parti_communiste parti_socialiste rassemblement_national conviction*_politique*""",
    "unions": """
        labor_union* labour_union* shop_steward* trade_union* union_dues union_member* union_rep*
        DGB gewerkschaft* ig_metall ver_di
        appartenance_syndicale CFDT CGT carte_syndicale cotisation_syndicale délégué*_syndical*
        force_ouvrière syndicaliste* syndiqué*""",
    "sex life and orientation": """
        bisexual* gay gays homosexual* intersex* lesbian* lgbt* queer sex_life sexual_orientation
        transgender* transsexual*
        bisexuell* geschlechtsangleich* homosexuell* lesbe lesben lesbisch* schwul schwule*
        sexualleben sexuelle*_orientierung transsexuell*
        bisexuel* homosexuel* lesbienne* orientation_sexuelle transgenre* transsexuel*
        vie_sexuelle""",
    "origin": """
        asylum_seeker* ethnic_origin* ethnicity racial_origin* romani skin_color skin_colour
        asylbewerber* dunkelhäutig* ethnische*_herkunft hautfarbe migrationshintergrund
        rassische*_herkunft sinti
        couleur_de_peau demandeur*_d_asile demandeuse*_d_asile origine*_ethnique* origine*_raciale*
        tsigane*""",
    "genetic and biometric data": """
        biometric* dna_analysis dna_sample* dna_test* face_recognition facial_recognition
        fingerprints fingerprint_scan* genetic_disorder* genetic_test* iris_scan* retina_scan*
        voiceprint*
        biometri* dna_analyse* dna_probe* erbkrankheit* fingerabdruck fingerabdrücke* gendefekt*
        genetische*_untersuchung* genetische*_veranlagung gentest* gesichtserkennung irisscan*
        analyse*_adn biométri* empreinte*_digitale* maladie*_génétique* maladie*_héréditaire*
        reconnaissance_faciale test*_adn test*_génétique*""",
}
"""Words by category; `*` stands for any ending, `_` for what separates the words of a phrase.

A word that has capitals counts as it is written: "AIDS" and not "aids". What is written here with
accents and umlauts is also found without.
"""

_HARMLESS: Final = """
    tropic_of_cancer tropique_du_cancer star_sign_cancer signe_du_cancer pregnant_pause*
    christian_name* a_christian_name*
    digitale*_fingerabdruck ökologische*_fingerabdruck browser_fingerprints key_fingerprints
    ssh_fingerprints certificate_fingerprints"""
"""Phrases in which such a word says nothing of anybody."""

_WORD: Final = re.compile(r"(?<!\w)[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*+(?!\w)")
_HEAD: Final = 3
_GAP: Final = re.compile(r"[\s'’.-]{1,3}")


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    harmless: bool


@dataclass(frozen=True, slots=True)
class _Index:
    """The phrases by their first word, or by the first word's beginning where it ends in `*`.

    `heads` are the first letters of them all: most words of a text need no further look.
    """

    whole: dict[str, list[_Phrase]]
    stems: dict[str, list[_Phrase]]
    lengths: tuple[int, ...]
    heads: frozenset[str]

    def of(self, word: str, folded: str) -> Iterator[_Phrase]:
        """Yield what may begin with the word."""
        yield from self.whole.get(folded, ())
        if word != folded:
            yield from self.whole.get(word, ())
        for length in self.lengths:
            yield from self.stems.get(folded[:length], ())


def special_words(text: str) -> Spans:
    """Find the lexicon's words and phrases, the longest first."""
    index = _index()
    behind = 0
    for first in _WORD.finditer(text):
        word = first[0]
        folded = _folded(word)
        if folded[:_HEAD] not in index.heads or first.start() < behind:
            continue
        ends = [
            (end, phrase.harmless)
            for phrase in index.of(word, folded)
            if (end := _end_of(phrase, text, first.end()))
        ]
        if ends:
            behind, harmless = max(ends)
            if not harmless:
                yield first.start(), behind


def _end_of(phrase: _Phrase, text: str, end: int) -> int:
    """Where the phrase ends whose first word ends here; 0 if it does not stand here."""
    for wanted in phrase.words[1:]:
        gap = _GAP.match(text, end)
        word = _WORD.match(text, gap.end()) if gap else None
        if word is None or not _is(wanted, _folded(word[0])):
            return 0
        end = word.end()
    return end


def _is(wanted: str, folded: str) -> bool:
    return folded.startswith(wanted[:-1]) if wanted.endswith("*") else folded == wanted


def _folded(word: str) -> str:
    return word.lower() if word.isascii() else unicodedata.normalize("NFC", word).casefold()


@cache
def _index() -> _Index:
    whole: dict[str, list[_Phrase]] = {}
    stems: dict[str, list[_Phrase]] = {}
    listed = [(entry, False) for words in LEXICON.values() for entry in words.split()]
    listed += [(entry, True) for entry in _HARMLESS.split()]
    for entry, harmless in listed:
        for spelling in _spellings(entry):
            words = tuple(spelling.split("_"))
            table, key = (stems, words[0][:-1]) if words[0].endswith("*") else (whole, words[0])
            table.setdefault(key, []).append(_Phrase(words, harmless))
    lengths = tuple(sorted({len(stem) for stem in stems}))
    heads = frozenset(key[:_HEAD].casefold() for key in (*whole, *stems))
    return _Index(whole, stems, lengths, heads)


def _spellings(entry: str) -> set[str]:
    """As it is written, without accents, and with ae, oe and ue."""
    if entry.isascii():
        return {entry}
    entry = entry.casefold()
    spelt_out = entry.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue"})
    bare = "".join(c for c in unicodedata.normalize("NFD", entry) if not unicodedata.combining(c))
    umlauts = entry != spelt_out
    return {entry, spelt_out if umlauts else bare}
