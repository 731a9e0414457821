#include "ledger/rejection.h"

#include "ledger/check.h"

namespace daftar::ledger {
namespace {

struct Words {
  std::string_view name, sentence, advice;
};

// A switch without default: the compiler names the code that has no words yet.
Words words(RejectionCode code) {
  switch (code) {
    case RejectionCode::ok:
      return {"ok", "The transaction was executed.", "Nothing needs to be done."};
    case RejectionCode::malformed:
      return {"malformed", "The bytes are not a transaction in the one encoding that is accepted.",
              "Build the transaction with a current client; the detail says where the encoding goes wrong."};
    case RejectionCode::too_large:
      return {"too_large", "The transaction is larger than this ledger allows.", "Split the operations over several transactions."};
    case RejectionCode::signature_missing:
      return {"signature_missing", "The transaction carries no signature.", "Sign it with a key of the sender."};
    case RejectionCode::signature_invalid:
      return {"signature_invalid", "A signature does not match the transaction and its key.",
              "Sign the exact bytes again; if the body was changed after signing, all signers must sign anew."};
    case RejectionCode::nonce_size:
      return {"nonce_size", "The nonce is not 16 bytes long.", "Use 16 random bytes as the nonce."};
    case RejectionCode::signature_repeated:
      return {"signature_repeated", "The same key has signed twice.", "Keep one signature of each key."};
    case RejectionCode::operations_count:
      return {"operations_count", "The transaction has no operation, or more than this ledger allows.",
              "Put at least one operation in, and split long lists over several transactions."};
    case RejectionCode::other_ledger:
      return {"other_ledger", "The transaction was made for another ledger.",
              "Check which network the client is set to, and sign for this one."};
    case RejectionCode::other_epoch:
      return {"other_epoch", "The transaction was made for another epoch of this ledger.",
              "Fetch the current checkpoint, check that its epoch is the expected one, and sign again."};
    case RejectionCode::expired:
      return {"expired", "The time until which the transaction was valid has passed.",
              "Look its id up first, since it may have been executed in time; then sign a new one."};
    case RejectionCode::valid_until_too_far:
      return {"valid_until_too_far", "The transaction would stay valid for longer than this ledger allows.",
              "Choose an earlier time of expiry."};
    case RejectionCode::replayed:
      return {"replayed", "A transaction with this id has been executed before.",
              "Look up its first outcome; to do the same again, sign a new transaction with a new nonce."};
    case RejectionCode::sender_unknown:
      return {"sender_unknown", "The sender is not a member of this ledger.",
              "Check the member id, or have a registrar register the member."};
    case RejectionCode::key_not_of_member:
      return {"key_not_of_member", "A signature was made with a key that is not one of the sender's.",
              "Sign with a key registered for the sender, or have the key added."};
    case RejectionCode::key_revoked:
      return {"key_revoked", "A signature was made with a key that has been revoked.", "Sign with a key that is still in force."};
    case RejectionCode::signatures_too_few:
      return {"signatures_too_few", "Fewer of the sender's keys have signed than the sender's policy asks for.",
              "Collect the missing signatures; the transaction keeps its id."};
    case RejectionCode::role_missing:
      return {"role_missing", "The sender does not have the role this operation needs.", "Let a member with that role send it."};
    case RejectionCode::not_a_party:
      return {"not_a_party", "The sender is not a party to this contract, or not the one who may do this.",
              "Check the contract and who has to act."};
    case RejectionCode::member_unknown:
      return {"member_unknown", "The operation names a member that does not exist.", "Check the member id."};
    case RejectionCode::member_exists:
      return {"member_exists", "There is a member with this id already.", "Choose another id, or change the existing member."};
    case RejectionCode::key_not_registrable:
      return {"key_not_registrable", "The public key is not one that can be used safely.",
              "Create a new Ed25519 key with the client and register that."};
    case RejectionCode::key_in_use:
      return {"key_in_use", "The public key is registered already, or is a key with another purpose.",
              "Create a new key: each key serves one member and one purpose."};
    case RejectionCode::key_not_in_force:
      return {"key_not_in_force", "The key is in force between two moments only, and now is not between them.", "Sign with a key in force, or have the power of attorney renewed."};
    case RejectionCode::member_suspended:
      return {"member_suspended", "The member is suspended.", "Ask the registrar why, and what lifts the suspension."};
    case RejectionCode::amount_must_be_positive:
      return {"amount_must_be_positive", "The amount is not greater than zero.", "Give an amount greater than zero."};
    case RejectionCode::account_unknown:
      return {"account_unknown", "There is no such account.", "Check the account's name; a labelled account must be opened first."};
    case RejectionCode::account_exists:
      return {"account_exists", "There is an account with this name already.", "Use the existing account, or choose another label."};
    case RejectionCode::account_not_yours:
      return {"account_not_yours", "The account does not belong to the sender.", "Name an account of the sender."};
    case RejectionCode::account_reserved:
      return {"account_reserved", "The account belongs to the ledger itself and cannot be named here.",
              "Choose an account or label that is not reserved."};
    case RejectionCode::currency_unknown:
      return {"currency_unknown", "The currency is not one of this ledger's.", "Use a currency the ledger was set up with."};
    case RejectionCode::currency_mismatch:
      return {"currency_mismatch", "The accounts or amounts are not all in the same currency.", "Use accounts of one currency."};
    case RejectionCode::overdraft:
      return {"overdraft", "The account does not hold enough money.", "Pay in the missing amount first, or lower the amount."};
    case RejectionCode::overflow:
      return {"overflow", "The amount is too large to be counted.", "Lower the amount."};
    case RejectionCode::same_account:
      return {"same_account", "The money would come from and go to the same account.", "Name two different accounts."};
    case RejectionCode::statement_reference_used:
      return {"statement_reference_used", "This statement reference has been used already.",
              "Check the bank statement: each of its lines is entered once."};
    case RejectionCode::payout_unknown:
      return {"payout_unknown", "There is no open payout with this id.", "Check the id; the payout may have been settled already."};
    case RejectionCode::contract_unknown:
      return {"contract_unknown", "There is no contract with this id.", "Check the contract id."};
    case RejectionCode::milestone_unknown:
      return {"milestone_unknown", "The contract has no milestone of this number.", "Check the number; milestones count from 1."};
    case RejectionCode::wrong_phase:
      return {"wrong_phase", "The contract is not in a phase in which this can be done.",
              "Look at the contract's phase and at what it waits for."};
    case RejectionCode::milestone_wrong_stage:
      return {"milestone_wrong_stage", "The milestone is not at a stage at which this can be done.",
              "Look at the milestone's stage and at what it waits for."};
    case RejectionCode::terms_digest_mismatch:
      return {"terms_digest_mismatch", "What was signed is not the terms of this contract.",
              "Show the contract again, read it, and sign the terms as they are."};
    case RejectionCode::already_signed:
      return {"already_signed", "This party has given its word already.", "Nothing needs to be done; wait for the other party."};
    case RejectionCode::term_out_of_range:
      return {"term_out_of_range", "A term of the contract is outside what its template allows.",
              "Correct the term that the detail names."};
    case RejectionCode::already_paid:
      return {"already_paid", "This has been paid already.", "Look at the contract's payments; nothing more is due for this one."};
    case RejectionCode::condition_not_met:
      return {"condition_not_met", "The contract does not allow this now.", "Look at the condition of the act in its template, and try when it holds."};
    case RejectionCode::template_fault:
      return {"template_fault", "The template would do what its check rules out, so nothing was done.", "Tell whoever governs the templates; the money stays where it is."};
    case RejectionCode::template_unknown:
      return {"template_unknown", "The ledger knows no such version of a template.", "Ask for the templates (daftar template list) and name one of them."};
    case RejectionCode::payment_unknown:
      return {"payment_unknown", "The contract has no payment of this number.", "Show the contract: its payments are listed there, and count from 1."};
    case RejectionCode::payment_wrong_stage:
      return {"payment_wrong_stage", "The payment is not at a stage at which this can be done.", "It is accepted first, then ordered by the owner of the line, then paid by the treasury."};
    case RejectionCode::contract_replaced:
      return {"contract_replaced", "Another contract has taken this one's place.", "Act on that one: the detail is its id."};
    case RejectionCode::replacement_incomplete:
      return {"replacement_incomplete", "The new contract lacks the word of somebody whom the one that it replaces binds.",
              "Have whom the detail names act on the new contract first, or draft one that asks for their word."};
    case RejectionCode::not_awarded:
      return {"not_awarded", "The tender has no award that a contract could come about by.", "Look at the tender: the award may be still to come, or have lapsed."};
    case RejectionCode::awarded_to_others:
      return {"awarded_to_others", "The contract is not between those whom the tender was awarded by and to.", "Name the tender's buyer as the party that pays, and the winner as the one that is paid."};
    case RejectionCode::awarded_for_another_price:
      return {"awarded_for_another_price", "What the contract can set aside from the buyer does not come to the awarded price.", "Write prices whose sum is the amount of the detail."};
    case RejectionCode::award_taken:
      return {"award_taken", "Another contract has been drafted by this award, and has not ended.", "Act on that one: the detail is its id. It ends unsigned, or is withdrawn, before another is drafted."};
    case RejectionCode::already_entered:
      return {"already_entered", "The member has an entry there already.", "Act on the entry of the detail instead."};
    case RejectionCode::entries_full:
      return {"entries_full", "The list has as many entries as it can have.", "Ask who drafted the contract for another one."};
    case RejectionCode::seal_mismatch:
      return {"seal_mismatch", "What is revealed is not what was sealed.", "Reveal with the values and the salt of the sealed entry, as the member who sealed it."};
    case RejectionCode::budget_line_unknown:
      return {"budget_line_unknown", "There is no such budget line.", "Check the name of the line."};
    case RejectionCode::budget_line_exists:
      return {"budget_line_exists", "There is a budget line with this name already.", "Adjust the existing line, or choose another name."};
    case RejectionCode::over_appropriation:
      return {"over_appropriation", "The amount goes beyond what the line was appropriated.",
              "Lower the amount, or have the line adjusted by the treasury."};
    case RejectionCode::over_allotment:
      return {"over_allotment", "The amount goes beyond what of the line has been allotted.",
              "Lower the amount, or have more allotted by the treasury."};
    case RejectionCode::over_commitment:
      return {"over_commitment", "The amount goes beyond what of the line has been committed.",
              "Lower the amount, or commit the rest with a contract first."};
    case RejectionCode::over_accrual:
      return {"over_accrual", "The amount goes beyond what has been accepted.", "Wait until the work is accepted."};
    case RejectionCode::over_order:
      return {"over_order", "The amount goes beyond what has been ordered to be paid.", "Order the payment first."};
    case RejectionCode::below_commitment:
      return {"below_commitment", "The line would fall below what it is bound to already.",
              "Leave at least what is reserved and committed on the line."};
    case RejectionCode::not_line_owner:
      return {"not_line_owner", "The sender does not own this budget line.", "Let the spending unit that owns the line send it."};
    case RejectionCode::virement_limit:
      return {"virement_limit", "More would be moved out of this line than the ledger's rule allows.",
              "Move less: the detail says how much may leave the line in all. What goes beyond needs a supplementary budget."};
    case RejectionCode::line_stopped:
      return {"line_stopped", "Nothing new is reserved or committed on this budget line any more.", "Use a line of the next year."};
    case RejectionCode::line_closed:
      return {"line_closed", "This budget line has been closed, or is being closed.", "Use a line of the next year."};
    case RejectionCode::commitments_open:
      return {"commitments_open", "The line is still bound by what is committed and not yet paid.",
              "Close it with a line of the next year to carry that over to (--carry-to), or wait until it is paid or released."};
    case RejectionCode::duties_conflict:
      return {"duties_conflict", "The same key has taken an earlier step of this payment, and the steps are for different people.",
              "Let another key of this member sign; the detail names the step."};
    case RejectionCode::two_persons_needed:
      return {"two_persons_needed", "A payment of this size is ordered and paid by two keys, not by one.",
              "Let a second key of this member sign the same transaction."};
    case RejectionCode::payments_stopped:
      return {"payments_stopped", "Nothing is ordered or paid on this budget line any more.",
              "Close the line with a line of the next year; what is owed goes over to it (--carry-to)."};
    case RejectionCode::line_is_ceiling:
      return {"line_is_ceiling", "This budget line is only a ceiling for contracts, until the budget of its year is approved.",
              "Wait until the treasury approves the line as an appropriation."};
    case RejectionCode::over_ceiling:
      return {"over_ceiling", "The amount goes beyond the ceiling of a later year.",
              "Lower the amount, or have the ceiling raised by the treasury."};
    case RejectionCode::no_line_of_year:
      return {"no_line_of_year", "The contract names no budget line for the year in which this falls due.",
              "Name a line of that year in the contract, or move the date; the detail says what is concerned."};
    case RejectionCode::advance_limit:
      return {"advance_limit", "More would be paid in advance than the ledger's rule allows.",
              "Agree a lower advance; the detail says how much may be paid before anything is accepted."};
    case RejectionCode::virement_forbidden:
      return {"virement_forbidden", "A rule of the ledger does not let appropriation move between these lines.",
              "Use lines that the rule lets it move between; the detail says which rule. Anything else needs a supplementary budget."};
    case RejectionCode::revenue_line_unknown:
      return {"revenue_line_unknown", "There is no such revenue line.",
              "Check the name of the line."};
    case RejectionCode::revenue_line_exists:
      return {"revenue_line_exists", "There is a revenue line with this name, or for this account and year, already.",
              "Adjust the existing line."};
    case RejectionCode::tax_category_unknown:
      return {"tax_category_unknown", "No tax rules are known for this category of payment.",
              "Use a category of this ledger's tax rules, or \"none\" for a movement that is no income."};
    case RejectionCode::tax_rule_invalid:
      return {"tax_rule_invalid", "The tax rule contradicts itself or gives an impossible result.",
              "Correct what the detail says, and propose again."};
    case RejectionCode::over_withheld:
      return {"over_withheld", "More would go back than was withheld there and has not gone back yet.",
              "Correct at most what the detail says; look at the payment's certificate."};
    case RejectionCode::payment_not_taxed:
      return {"payment_not_taxed", "No such tax line brought money to a tax authority.",
              "Look at the payment's certificate: give its id, the line's number and the line's rule."};
    case RejectionCode::gross_not_found:
      return {"gross_not_found", "No gross amount is found of which exactly this is left after what is withheld.",
              "Pay a gross amount, and look beforehand at what is left of it."};
    case RejectionCode::tax_not_held:
      return {"tax_not_held", "The sender holds nothing that was withheld by this rule in this period.", "Look at what is held and when it is due: daftar tax due."};
    case RejectionCode::over_liability:
      return {"over_liability", "More would leave than the payer still holds of what was withheld.",
              "Name at most what the detail says; the tax authority gives back what it has received."};
    case RejectionCode::tax_not_remitted:
      return {"tax_not_remitted", "The payer still holds what would go back.", "Let the payer give it back, or wait until it has been remitted."};
    case RejectionCode::node_unknown:
      return {"node_unknown", "There is no node of this number.", "Look at the list of nodes; a removed node never comes back under its number."};
    case RejectionCode::node_number_not_next:
      return {"node_number_not_next", "A new node does not have the next free number.", "Propose again with the number that the detail names."};
    case RejectionCode::node_standing_wrong:
      return {"node_standing_wrong", "The node does not have the standing that this change begins with.",
              "Look at the list of nodes: only observers are promoted, only validators demoted, and a removed node stays removed."};
    case RejectionCode::node_named_twice:
      return {"node_named_twice", "The proposal names a node twice.", "Put the second change into a proposal of its own, after this one."};
    case RejectionCode::no_validator_left:
      return {"no_validator_left", "No validator would remain.", "Add or promote another validator first."};
    case RejectionCode::nodes_too_many:
      return {"nodes_too_many", "There would be more validators or observers than a ledger can have.",
              "Remove a node first: there can be 31 validators and 255 observers."};
    case RejectionCode::node_proposal_unknown:
      return {"node_proposal_unknown", "There is no proposed change of the nodes with this id.",
              "Check the id: it is that of the transaction that proposed the change."};
    case RejectionCode::node_proposal_closed:
      return {"node_proposal_closed", "The proposed change of the nodes is no longer open.",
              "Look at what became of it, and propose again if the change is still wanted."};
    case RejectionCode::already_approved:
      return {"already_approved", "The sender has approved the change already.", "Nothing needs to be done; wait for the others."};
    case RejectionCode::no_validators_operator:
      return {"no_validators_operator", "The sender operates none of the present validators.",
              "Let an operator of a present validator approve; who runs none has no voice in changing them."};
    case RejectionCode::proposal_unknown:
      return {"proposal_unknown", "There is no proposed change with this id.",
              "Check the id: it is that of the transaction that proposed the change."};
    case RejectionCode::proposal_closed:
      return {"proposal_closed", "The proposed change can no longer be decided.",
              "Look at what became of it, and propose again if the change is still wanted."};
    case RejectionCode::own_approval:
      return {"own_approval", "Who proposed a change cannot approve it.",
              "Let another member approve, of a role that the genesis names for this kind of change."};
    case RejectionCode::effect_in_the_past:
      return {"effect_in_the_past", "The change would take effect before it is in force.",
              "Choose a later date: after the delay that follows the last approval."};
    case RejectionCode::tax_rule_unknown:
      return {"tax_rule_unknown", "There is no such version of a tax rule.",
              "Look at the list of tax rules; give the code and the version."};
    case RejectionCode::tax_rule_version:
      return {"tax_rule_version", "The version is not the next one of this tax rule.",
              "Propose again with the version that the detail names."};
    case RejectionCode::tax_rules_overlap:
      return {"tax_rules_overlap", "Two versions of the tax rule would be in force at one time.",
              "Let the new version begin where the one before ends, or end that one earlier."};
    case RejectionCode::tax_rule_over:
      return {"tax_rule_over", "This version of the tax rule is over already.",
              "Propose a new version; what was in force on a day never changes."};
    case RejectionCode::template_exists:
      return {"template_exists", "The ledger has this version of the template already.",
              "Give the changed template the next version, and propose that."};
    case RejectionCode::template_refused:
      return {"template_refused", "The template does not pass the check.",
              "Run `daftar template check` on the file; it tells the whole story."};
    case RejectionCode::template_other_program:
      return {"template_other_program", "The template compiles to another program than the proposal says.",
              "Propose with a program of the same version as the nodes; the detail names the digest that the text compiles to."};
    case RejectionCode::template_stopped:
      return {"template_stopped", "No new contracts are made of this template: it has been stopped.",
              "Use another version or template; contracts made of it already go on to their end."};
    case RejectionCode::template_not_stopped:
      return {"template_not_stopped", "The template is not stopped.",
              "Nothing needs to be done; contracts can be made of it."};
    case RejectionCode::nobody_left_to_decide:
      return {"nobody_left_to_decide", "Nobody would be left who could decide changes of some kind.",
              "Give the role to another member first, or change who decides; the detail names the kind."};
    case RejectionCode::role_in_use:
      return {"role_in_use", "The member still needs the role for what it has to do.",
              "Bring to an end what the detail names, or hand it to another member, before the role is taken."};
    case RejectionCode::nothing_changes:
      return {"nothing_changes", "What is proposed is so already.", "Nothing needs to be done."};
    case RejectionCode::member_standing_wrong:
      return {"member_standing_wrong", "The member is suspended already, or is not suspended.",
              "Look at the member: only one that is not suspended can be suspended, and the other way about."};
    case RejectionCode::limit_out_of_range:
      return {"limit_out_of_range", "A limit of this ledger cannot have that value.", "Choose a value in the range that the detail names."};
    case RejectionCode::policy_refused:
      return {"policy_refused", "Changes cannot be decided in that way.",
              "Correct what the detail names; roles that a registrar can give do not decide, and the floor of the genesis holds for changes of policies."};
    case RejectionCode::protocol_version_not_next:
      return {"protocol_version_not_next", "The protocol goes from one version to the next.", "Propose the version that the detail names."};
    case RejectionCode::code_not_in_force:
      return {"code_not_in_force", "The classification has no such code in force at that time.",
              "Look the code up (daftar budget classify); a code that is missing is added by a governed change."};
    case RejectionCode::classification_refused:
      return {"classification_refused", "The change does not fit the classification as it is.",
              "Correct the row that the detail names: periods of one code do not overlap, and a mapping leads from a code to a code."};
    case RejectionCode::field_invalid:
      return {"field_invalid", "A field has a value that is not allowed.", "Correct the field that the detail names."};
  }
  DAFTAR_CHECK(false && "a rejection code that exists");
  return {};
}

}  // namespace

std::string_view name(RejectionCode code) { return words(code).name; }
std::string_view sentence(RejectionCode code) { return words(code).sentence; }
std::string_view advice(RejectionCode code) { return words(code).advice; }

bool is_rejection_code(std::uint16_t number) {
  switch (static_cast<RejectionCode>(number)) {
    case RejectionCode::ok:
    case RejectionCode::malformed:
    case RejectionCode::too_large:
    case RejectionCode::signature_missing:
    case RejectionCode::signature_invalid:
    case RejectionCode::nonce_size:
    case RejectionCode::signature_repeated:
    case RejectionCode::operations_count:
    case RejectionCode::other_ledger:
    case RejectionCode::other_epoch:
    case RejectionCode::expired:
    case RejectionCode::valid_until_too_far:
    case RejectionCode::replayed:
    case RejectionCode::sender_unknown:
    case RejectionCode::key_not_of_member:
    case RejectionCode::key_revoked:
    case RejectionCode::signatures_too_few:
    case RejectionCode::role_missing:
    case RejectionCode::not_a_party:
    case RejectionCode::member_unknown:
    case RejectionCode::member_exists:
    case RejectionCode::key_not_registrable:
    case RejectionCode::key_in_use:
    case RejectionCode::key_not_in_force:
    case RejectionCode::member_suspended:
    case RejectionCode::amount_must_be_positive:
    case RejectionCode::account_unknown:
    case RejectionCode::account_exists:
    case RejectionCode::account_not_yours:
    case RejectionCode::account_reserved:
    case RejectionCode::currency_unknown:
    case RejectionCode::currency_mismatch:
    case RejectionCode::overdraft:
    case RejectionCode::overflow:
    case RejectionCode::same_account:
    case RejectionCode::statement_reference_used:
    case RejectionCode::payout_unknown:
    case RejectionCode::contract_unknown:
    case RejectionCode::milestone_unknown:
    case RejectionCode::wrong_phase:
    case RejectionCode::milestone_wrong_stage:
    case RejectionCode::terms_digest_mismatch:
    case RejectionCode::already_signed:
    case RejectionCode::term_out_of_range:
    case RejectionCode::already_paid:
    case RejectionCode::condition_not_met:
    case RejectionCode::template_fault:
    case RejectionCode::template_unknown:
    case RejectionCode::payment_unknown:
    case RejectionCode::payment_wrong_stage:
    case RejectionCode::contract_replaced:
    case RejectionCode::replacement_incomplete:
    case RejectionCode::not_awarded:
    case RejectionCode::awarded_to_others:
    case RejectionCode::awarded_for_another_price:
    case RejectionCode::award_taken:
    case RejectionCode::already_entered:
    case RejectionCode::entries_full:
    case RejectionCode::seal_mismatch:
    case RejectionCode::budget_line_unknown:
    case RejectionCode::budget_line_exists:
    case RejectionCode::over_appropriation:
    case RejectionCode::over_allotment:
    case RejectionCode::over_commitment:
    case RejectionCode::over_accrual:
    case RejectionCode::over_order:
    case RejectionCode::below_commitment:
    case RejectionCode::not_line_owner:
    case RejectionCode::virement_limit:
    case RejectionCode::line_stopped:
    case RejectionCode::line_closed:
    case RejectionCode::commitments_open:
    case RejectionCode::duties_conflict:
    case RejectionCode::two_persons_needed:
    case RejectionCode::payments_stopped:
    case RejectionCode::line_is_ceiling:
    case RejectionCode::over_ceiling:
    case RejectionCode::no_line_of_year:
    case RejectionCode::advance_limit:
    case RejectionCode::virement_forbidden:
    case RejectionCode::revenue_line_unknown:
    case RejectionCode::revenue_line_exists:
    case RejectionCode::tax_category_unknown:
    case RejectionCode::tax_rule_invalid:
    case RejectionCode::over_withheld:
    case RejectionCode::payment_not_taxed:
    case RejectionCode::gross_not_found:
    case RejectionCode::tax_not_held:
    case RejectionCode::over_liability:
    case RejectionCode::tax_not_remitted:
    case RejectionCode::node_unknown:
    case RejectionCode::node_number_not_next:
    case RejectionCode::node_standing_wrong:
    case RejectionCode::node_named_twice:
    case RejectionCode::no_validator_left:
    case RejectionCode::nodes_too_many:
    case RejectionCode::node_proposal_unknown:
    case RejectionCode::node_proposal_closed:
    case RejectionCode::already_approved:
    case RejectionCode::no_validators_operator:
    case RejectionCode::proposal_unknown:
    case RejectionCode::proposal_closed:
    case RejectionCode::own_approval:
    case RejectionCode::effect_in_the_past:
    case RejectionCode::tax_rule_unknown:
    case RejectionCode::tax_rule_version:
    case RejectionCode::tax_rules_overlap:
    case RejectionCode::tax_rule_over:
    case RejectionCode::template_exists:
    case RejectionCode::template_refused:
    case RejectionCode::template_other_program:
    case RejectionCode::template_stopped:
    case RejectionCode::template_not_stopped:
    case RejectionCode::nobody_left_to_decide:
    case RejectionCode::role_in_use:
    case RejectionCode::nothing_changes:
    case RejectionCode::member_standing_wrong:
    case RejectionCode::limit_out_of_range:
    case RejectionCode::policy_refused:
    case RejectionCode::protocol_version_not_next:
    case RejectionCode::code_not_in_force:
    case RejectionCode::classification_refused:
    case RejectionCode::field_invalid:
      return true;
  }
  return false;
}

}  // namespace daftar::ledger
