CREATE INDEX blocked_numbers_number ON :schema:.blocked_numbers (number);
